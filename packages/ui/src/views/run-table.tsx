import { useInfiniteQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { DagRun } from "@sluice/api/wire"
import { runsQuery } from "../api/queries.ts"
import type { Query } from "../api/client.ts"
import { useNow } from "../components/clock.ts"
import { Empty, Loaded } from "../components/feedback.tsx"
import { Panel } from "../components/page.tsx"
import { State } from "../components/state.tsx"
import { More, Table } from "../components/table.tsx"
import { Time } from "../components/time.tsx"
import { between } from "../model/format.ts"
import { stateOfRun } from "../model/states.ts"

/** Runs of a DAG, or of all, the newest first. */
export function RunTable({ dagId, filter }: { readonly dagId: string; readonly filter: Query }) {
  const runs = useInfiniteQuery(runsQuery(dagId, filter))
  return (
    <Panel>
      <Loaded query={runs} rows={8}>
        {({ pages }) => {
          const all = pages.flatMap((page) => page.dag_runs)
          if (all.length === 0) {
            const isNarrowed = Object.values(filter).some((value) => value !== undefined)
            return isNarrowed ? (
              <Empty title="No run is like this">Other filters may find some.</Empty>
            ) : (
              <Empty title="No run yet">
                Runs come up here as they start: <code className="font-mono">sluice dags trigger</code>, the
                button of a DAG, or its schedule makes one.
              </Empty>
            )
          }
          return (
            <>
              <Table
                head={
                  <>
                    <th>Run</th>
                    <th>State</th>
                    <th className="hidden md:table-cell">Type</th>
                    <th className="hidden lg:table-cell">Logical date</th>
                    <th>Started</th>
                    <th className="num">Took</th>
                    <th className="hidden xl:table-cell">Version</th>
                  </>
                }
              >
                {all.map((run) => (
                  <RunRow key={`${run.dag_id}/${run.dag_run_id}`} run={run} withDag={dagId === "~"} />
                ))}
              </Table>
              <More list={runs}>Older runs</More>
            </>
          )
        }}
      </Loaded>
    </Panel>
  )
}

function RunRow({ run, withDag }: { readonly run: DagRun; readonly withDag: boolean }) {
  const now = useNow()
  return (
    <tr data-row>
      <td className="w-full max-w-0 min-w-36">
        <Link
          to="/dags/$dagId/runs/$runId"
          params={{ dagId: run.dag_id, runId: run.dag_run_id }}
          className="block truncate font-semibold hover:text-accent"
        >
          {withDag ? run.dag_id : run.dag_run_id}
        </Link>
        <div className="truncate text-xs text-muted">{withDag ? run.dag_run_id : run.note}</div>
      </td>
      <td>
        <State state={stateOfRun(run)} />
      </td>
      <td className="hidden whitespace-nowrap text-muted md:table-cell">
        {run.run_type}
        {run.triggering_user_name !== null && ` · ${run.triggering_user_name}`}
      </td>
      <td className="hidden lg:table-cell">
        <Time at={run.logical_date} />
      </td>
      <td>
        <Time at={run.start_date} />
      </td>
      <td className="num whitespace-nowrap">{between(run.start_date, run.end_date, now)}</td>
      <td className="num hidden xl:table-cell">{run.dag_versions[0]?.version_number}</td>
    </tr>
  )
}
