import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router"
import { GitCompareArrows } from "lucide-react"
import { codeQuery, versionsQuery } from "../api/queries.ts"
import { Empty, Loaded } from "../components/feedback.tsx"
import { Select } from "../components/field.tsx"
import { Panel } from "../components/page.tsx"
import { SourceText } from "../components/source-text.tsx"
import { Time } from "../components/time.tsx"

/** The code of a version. */
export function DagCode() {
  const { dagId } = useParams({ from: "/shell/dags/$dagId" })
  const { version } = useSearch({ from: "/shell/dags/$dagId/code" })
  const navigate = useNavigate({ from: "/dags/$dagId/code" })
  const versions = useInfiniteQuery(versionsQuery(dagId))
  return (
    <Loaded query={versions}>
      {({ pages }) => {
        const all = pages.flatMap((page) => page.dag_versions)
        const shown = version ?? all[0]?.version_number
        const found = all.find((one) => one.version_number === shown)
        const numbers = all.map((one) => one.version_number)
        return (
          <Panel
            title="Code"
            aside={
              <div className="flex flex-wrap items-center gap-3">
                {all.length > 1 && (
                  <Link
                    to="/dags/$dagId/versions"
                    params={{ dagId }}
                    search={{ version: shown }}
                    className="inline-flex items-center gap-1.5 text-accent hover:underline"
                  >
                    <GitCompareArrows size={14} aria-hidden /> What changed
                  </Link>
                )}
                <Select
                  aria-label="Version"
                  className="h-7"
                  value={shown}
                  onChange={(event) =>
                    void navigate({
                      search: { version: Number(event.target.value) },
                      replace: true,
                      resetScroll: false,
                    })
                  }
                >
                  {(shown === undefined || numbers.includes(shown) ? numbers : [...numbers, shown]).map(
                    (one) => (
                      <option key={one} value={one}>
                        version {one}
                      </option>
                    ),
                  )}
                </Select>
              </div>
            }
          >
            {found !== undefined && (
              <p className="m-0 border-b border-line px-3 py-1.5 text-xs text-muted">
                Stored <Time at={found.created_at} /> · bundle{" "}
                <span className="font-mono">{found.bundle_version?.slice(0, 12)}</span> · the module as it
                runs, with all that the DAG file imports
              </p>
            )}
            <Code dagId={dagId} version={shown} />
          </Panel>
        )
      }}
    </Loaded>
  )
}

function Code({ dagId, version }: { readonly dagId: string; readonly version: number | undefined }) {
  const code = useQuery(codeQuery(dagId, version))
  return (
    <Loaded query={code}>
      {({ content }) =>
        content === null || content === "" ? (
          <Empty title="This version has no code" />
        ) : (
          <SourceText text={content} label="Code" />
        )
      }
    </Loaded>
  )
}
