import type { DagGrid as Grid } from "@sluice/api/wire"
import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { Link, useParams } from "@tanstack/react-router"
import { gridQuery, structureQuery } from "../api/queries.ts"
import { Button } from "../components/button.tsx"
import { useNow } from "../components/clock.ts"
import { Empty, Loaded } from "../components/feedback.tsx"
import { Panel } from "../components/page.tsx"
import { wordsOfMix } from "../components/state.tsx"
import { Tip } from "../components/tip.tsx"
import { between, count, instantInFull } from "../model/format.ts"
import { barStates, fillOf, lookOf } from "../model/states.ts"

type GridRun = Grid["runs"][number]
type GridTask = GridRun["tasks"][number]

const cell = 20

/** Runs × tasks: each cell one task of one run; of a map, the mix of its instances. */
export function DagGrid() {
  const { dagId } = useParams({ from: "/shell/dags/$dagId" })
  const grid = useInfiniteQuery(gridQuery(dagId))
  const { data: structure } = useQuery(structureQuery(dagId))
  return (
    <Panel>
      <Loaded query={grid}>
        {({ pages }) => {
          const runs = pages.flatMap((page) => page.runs).toReversed()
          if (runs.length === 0)
            return <Empty title="This DAG has not run yet">Trigger it, or let its schedule do it.</Empty>
          return (
            <div
              className="overflow-x-auto p-3"
              tabIndex={0}
              role="region"
              aria-label="Grid of runs and tasks"
            >
              <GridTable
                dagId={dagId}
                runs={runs}
                taskIds={tasksOf(
                  structure?.tasks.map((task) => task.task_id ?? ""),
                  runs,
                )}
              />
              <div className="mt-3 flex items-center gap-4">
                {grid.hasNextPage && (
                  <Button onClick={() => void grid.fetchNextPage()} disabled={grid.isFetchingNextPage}>
                    Older runs
                  </Button>
                )}
                <Legend />
              </div>
            </div>
          )
        }}
      </Loaded>
    </Panel>
  )
}

/** The tasks of the newest version, then those that only older runs have. */
function tasksOf(current: readonly string[] | undefined, runs: readonly GridRun[]): readonly string[] {
  return [...new Set([...(current ?? []), ...runs.flatMap((run) => run.tasks.map((task) => task.task_id))])]
}

function GridTable({
  dagId,
  runs,
  taskIds,
}: {
  readonly dagId: string
  readonly runs: readonly GridRun[]
  readonly taskIds: readonly string[]
}) {
  const now = useNow()
  const seconds = (run: GridRun["run"]) =>
    run.start_date === null
      ? 0
      : ((run.end_date === null ? now : Date.parse(run.end_date)) - Date.parse(run.start_date)) / 1_000
  const longest = Math.max(0.001, ...runs.map(({ run }) => seconds(run)))
  return (
    <table className="border-separate border-spacing-x-[3px] border-spacing-y-[3px]">
      <thead>
        <tr>
          <th className="sticky left-0 z-10 bg-surface pr-4 text-left align-bottom text-xs font-normal text-muted">
            longest {between(new Date(0).toISOString(), new Date(longest * 1_000).toISOString(), 0)}
          </th>
          {runs.map(({ run }) => (
            <th key={run.dag_run_id} className="h-20 p-0 align-bottom font-normal">
              <Tip
                text={
                  <>
                    <div>{run.dag_run_id}</div>
                    <div>
                      {lookOf(run.state).label}, {instantInFull(run.start_date ?? run.run_after).local},{" "}
                      {between(run.start_date, run.end_date, now)}
                    </div>
                  </>
                }
              >
                <Link
                  to="/dags/$dagId/runs/$runId"
                  params={{ dagId, runId: run.dag_run_id }}
                  aria-label={`Run ${run.dag_run_id}: ${lookOf(run.state).label}`}
                  className="flex h-20 items-end justify-center rounded-sm hover:bg-sunken"
                  style={{ width: cell }}
                >
                  <span
                    className="block w-3 rounded-t-sm"
                    style={{
                      height: `${6 + 94 * Math.sqrt(seconds(run) / longest)}%`,
                      background: fillOf(run.state),
                    }}
                  />
                </Link>
              </Tip>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {taskIds.map((taskId) => (
          <tr key={taskId} data-row>
            <th
              scope="row"
              className="sticky left-0 z-10 max-w-56 truncate bg-surface pr-4 text-left font-medium whitespace-nowrap"
            >
              {taskId}
            </th>
            {runs.map(({ run, tasks }) => {
              const task = tasks.find((one) => one.task_id === taskId)
              return (
                <td key={run.dag_run_id} className="p-0">
                  {task !== undefined && <Cell dagId={dagId} runId={run.dag_run_id} task={task} />}
                </td>
              )
            })}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Cell({
  dagId,
  runId,
  task,
}: {
  readonly dagId: string
  readonly runId: string
  readonly task: GridTask
}) {
  const isMapped = task.kind === "mapped" && task.discovered > 0
  const words = isMapped
    ? `${task.task_id}: ${wordsOfMix(task.instances)} of ${task.exhausted ? "" : "≥ "}${count(task.discovered)}`
    : `${task.task_id}: ${lookOf(task.state).label}`
  return (
    <Tip text={words}>
      <Link
        to="/dags/$dagId/runs/$runId/tasks/$taskId"
        params={{ dagId, runId, taskId: task.task_id }}
        aria-label={words}
        className="block overflow-hidden rounded-[4px] ring-line hover:ring-2"
        style={{ width: cell, height: cell }}
      >
        {isMapped ? (
          <Mix task={task} />
        ) : (
          <div className="h-full" style={{ background: fillOf(task.state) }} />
        )}
      </Link>
    </Tip>
  )
}

/** The mix of a map's instances, from the bottom up; a failure is always seen. */
function Mix({ task }: { readonly task: GridTask }) {
  const parts = barStates.map((state) => ({ state, n: task.instances[state] })).filter(({ n }) => n > 0)
  return (
    <div className="flex h-full flex-col-reverse bg-sunken">
      {parts.map(({ state, n }) => (
        <div key={state} style={{ flexGrow: n, minHeight: 4, background: fillOf(state) }} />
      ))}
    </div>
  )
}

function Legend() {
  const shown = [
    "success",
    "failed",
    "running",
    "up_for_retry",
    "deferred",
    "skipped",
    "upstream_failed",
    "waiting",
  ]
  return (
    <ul className="m-0 flex list-none flex-wrap gap-x-3 gap-y-1 p-0 text-xs text-muted" aria-label="Colours">
      {shown.map((state) => (
        <li key={state} className="inline-flex items-center gap-1.5">
          <span className="size-2.5 rounded-[3px]" style={{ background: fillOf(state) }} />
          {lookOf(state).label}
        </li>
      ))}
    </ul>
  )
}
