import { useQuery } from "@tanstack/react-query"
import { useNavigate, useParams, useSearch } from "@tanstack/react-router"
import { useMemo } from "react"
import { codeQuery, versionsQuery } from "../api/queries.ts"
import { Loaded } from "../components/feedback.tsx"
import { Select } from "../components/field.tsx"
import { Panel } from "../components/page.tsx"
import { Time } from "../components/time.tsx"
import { around, diffLines } from "../model/diff.ts"

/** The code of a version, and what differs from another. */
export function DagCode() {
  const { dagId } = useParams({ from: "/shell/dags/$dagId" })
  const { version, against } = useSearch({ from: "/shell/dags/$dagId/code" })
  const navigate = useNavigate({ from: "/dags/$dagId/code" })
  const versions = useQuery(versionsQuery(dagId))
  const set = (change: { version?: number | undefined; against?: number | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
  return (
    <Loaded query={versions}>
      {({ dag_versions: all }) => {
        const shown = version ?? all[0]?.version_number
        const found = all.find((one) => one.version_number === shown)
        return (
          <Panel
            title="Code"
            aside={
              <div className="flex flex-wrap items-center gap-2">
                <Select
                  aria-label="Version"
                  className="h-7"
                  value={shown}
                  onChange={(event) => set({ version: Number(event.target.value) })}
                >
                  {all.map((one) => (
                    <option key={one.version_number} value={one.version_number}>
                      version {one.version_number}
                    </option>
                  ))}
                </Select>
                <Select
                  aria-label="Compared with"
                  className="h-7"
                  value={against ?? ""}
                  onChange={(event) =>
                    set({ against: event.target.value === "" ? undefined : Number(event.target.value) })
                  }
                >
                  <option value="">not compared</option>
                  {all
                    .filter((one) => one.version_number !== shown)
                    .map((one) => (
                      <option key={one.version_number} value={one.version_number}>
                        against version {one.version_number}
                      </option>
                    ))}
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
            {against === undefined ? (
              <Code dagId={dagId} version={shown} />
            ) : (
              <Diff dagId={dagId} version={shown} against={against} />
            )}
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
      {({ content }) => (
        <pre
          tabIndex={0}
          aria-label="Code"
          className="m-0 max-h-[70vh] overflow-auto p-0 font-mono text-xs leading-5"
        >
          {(content ?? "").split("\n").map((line, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- a line has no other name than its number.
            <div key={at} className="flex hover:bg-sunken">
              <span className="w-14 shrink-0 pr-4 text-right text-muted select-none">{at + 1}</span>
              <span className="whitespace-pre">{line}</span>
            </div>
          ))}
        </pre>
      )}
    </Loaded>
  )
}

const looks = {
  same: { sign: " ", background: undefined },
  gone: { sign: "−", background: "color-mix(in srgb, var(--s-failed-fill) 14%, transparent)" },
  new: { sign: "+", background: "color-mix(in srgb, var(--s-success-fill) 16%, transparent)" },
} as const

function Diff({
  dagId,
  version,
  against,
}: {
  readonly dagId: string
  readonly version: number | undefined
  readonly against: number
}) {
  const newer = useQuery(codeQuery(dagId, version))
  const older = useQuery(codeQuery(dagId, against))
  const lines = useMemo(
    () => around(diffLines(older.data?.content ?? "", newer.data?.content ?? "")),
    [older.data, newer.data],
  )
  return (
    <Loaded query={older}>
      {() => (
        <Loaded query={newer}>
          {() =>
            lines.every((line) => line === null) ? (
              <p className="m-0 p-3 text-muted">The code is the same; the shape of the DAG may differ.</p>
            ) : (
              <pre
                tabIndex={0}
                aria-label="What differs"
                className="m-0 max-h-[70vh] overflow-auto font-mono text-xs leading-5"
              >
                {lines.map((line, at) =>
                  line === null ? (
                    // oxlint-disable-next-line react/no-array-index-key -- a line has no other name than its place.
                    <div key={at} className="bg-sunken px-3 text-muted">
                      …
                    </div>
                  ) : (
                    // oxlint-disable-next-line react/no-array-index-key -- a line has no other name than its place.
                    <div key={at} className="flex px-3" style={{ background: looks[line.kind].background }}>
                      <span className="w-5 shrink-0 text-muted select-none">{looks[line.kind].sign}</span>
                      <span className="whitespace-pre">{line.text}</span>
                    </div>
                  ),
                )}
              </pre>
            )
          }
        </Loaded>
      )}
    </Loaded>
  )
}
