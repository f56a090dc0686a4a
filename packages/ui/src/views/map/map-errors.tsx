import type { Expansion } from "@sluice/api/wire"
import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { CircleCheck, RotateCw } from "lucide-react"
import { useState } from "react"
import { errorClassesQuery, type TaskName } from "../../api/queries.ts"
import { Button } from "../../components/button.tsx"
import { Empty, Loaded } from "../../components/feedback.tsx"
import { Panel } from "../../components/page.tsx"
import { useDenied } from "../../components/role.ts"
import { count } from "../../model/format.ts"
import { RedriveDialog } from "./redrive-dialog.tsx"

/** Why instances failed, by class. */
export function MapErrors({ name, expansion }: { readonly name: TaskName; readonly expansion: Expansion }) {
  const errors = useQuery(errorClassesQuery(name))
  const denied = useDenied()("redrive_expansion")
  const [redriven, setRedriven] = useState<string | null>(null)
  return (
    <Panel
      title="Classes of errors"
      aside={
        errors.data !== undefined && (
          <span className="text-xs text-muted">
            {errors.data.is_complete
              ? `of all ${count(errors.data.looked_at)} failures`
              : `of the first ${count(errors.data.looked_at)} failures`}
          </span>
        )
      }
    >
      <Loaded query={errors}>
        {({ classes }) =>
          classes.length === 0 ? (
            <Empty title="Nothing has failed" icon={<CircleCheck size={22} aria-hidden />} />
          ) : (
            <ul className="m-0 list-none p-0">
              {classes.map((one) => (
                <li
                  key={one.id}
                  data-row
                  className="flex flex-wrap items-start gap-x-4 gap-y-2 border-b border-line px-3 py-2.5 last:border-0"
                >
                  <div className="w-16 text-right">
                    <div className="text-base font-semibold text-danger">
                      {count(one.count + one.retrying)}
                    </div>
                    {one.retrying > 0 && (
                      <div className="text-2xs text-muted">{count(one.retrying)} to retry</div>
                    )}
                  </div>
                  <div className="min-w-0 flex-1 basis-64">
                    <div className="font-mono text-xs font-semibold">{one.type}</div>
                    <div className="break-words">
                      {one.message || <span className="text-muted">no message</span>}
                    </div>
                    <div className="mt-1 flex flex-wrap gap-x-3 gap-y-1 text-xs text-muted">
                      {one.examples.map((example) => (
                        <Link
                          key={example.map_index}
                          to="/dags/$dagId/runs/$runId/tasks/$taskId/$mapIndex"
                          params={{ ...name, mapIndex: String(example.map_index) }}
                          title={example.message}
                          className="text-accent hover:underline"
                        >
                          {example.label ?? count(example.map_index)}
                        </Link>
                      ))}
                    </div>
                  </div>
                  <Link
                    to="/dags/$dagId/runs/$runId/tasks/$taskId"
                    params={name}
                    search={{ class: one.id }}
                    className="inline-flex h-8 items-center px-2 text-accent hover:underline"
                  >
                    Show them
                  </Link>
                  {one.count > 0 && (
                    <Button denied={denied} onClick={() => setRedriven(one.type)}>
                      <RotateCw size={14} aria-hidden /> Redrive {one.type}
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {redriven !== null && expansion !== undefined && (
        <RedriveDialog
          name={name}
          expansion={expansion}
          errorType={redriven}
          onClose={() => setRedriven(null)}
        />
      )}
    </Panel>
  )
}
