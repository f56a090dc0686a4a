import { useQuery } from "@tanstack/react-query"
import { CircleCheck, FileWarning } from "lucide-react"
import { importErrorsQuery } from "../api/queries.ts"
import { Empty, Loaded } from "../components/feedback.tsx"
import { PageHead, Panel } from "../components/page.tsx"
import { Time } from "../components/time.tsx"

/** DAG files that cannot be used, and why. */
export function ImportErrors() {
  const errors = useQuery(importErrorsQuery)
  return (
    <>
      <PageHead
        title="Import errors"
        meta="DAG files that cannot be used. The DAGs they defined keep their last version."
      />
      <Loaded query={errors}>
        {({ import_errors: found }) =>
          found.length === 0 ? (
            <Panel>
              <Empty title="Every DAG file is usable" icon={<CircleCheck size={22} aria-hidden />} />
            </Panel>
          ) : (
            <div className="flex flex-col gap-3">
              {found.map((error) => (
                <Panel
                  key={error.import_error_id}
                  title={
                    <span className="inline-flex items-center gap-2">
                      <FileWarning size={15} className="text-danger" aria-hidden />
                      <span className="font-mono">{error.filename}</span>
                    </span>
                  }
                  aside={
                    <span className="text-xs text-muted">
                      <Time at={error.timestamp} isRelative />
                    </span>
                  }
                >
                  <pre
                    tabIndex={0}
                    aria-label={`Error of ${error.filename}`}
                    className="m-0 overflow-x-auto p-3 font-mono text-xs whitespace-pre-wrap"
                  >
                    {error.stack_trace}
                  </pre>
                </Panel>
              ))}
            </div>
          )
        }
      </Loaded>
    </>
  )
}
