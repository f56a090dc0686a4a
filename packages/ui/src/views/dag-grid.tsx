import type { DagGrid as Grid, DagStructure } from "@sluice/api/wire"
import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router"
import { ChevronDown, ChevronRight } from "lucide-react"
import { gridQuery, structureQuery } from "../api/queries.ts"
import { Button } from "../components/button.tsx"
import { useNow } from "../components/clock.ts"
import { Empty, Loaded } from "../components/feedback.tsx"
import { GroupButtons, useClosedGroups } from "../components/groups.tsx"
import { Panel } from "../components/page.tsx"
import { type Mix, wordsOfMix } from "../components/state.tsx"
import { Tip } from "../components/tip.tsx"
import { between, count, instantInFull } from "../model/format.ts"
import { type GroupedTask, mixOfTasks, shortName, treeOf, type TreeRow } from "../model/groups.ts"
import { barStates, fillOf, lookOf } from "../model/states.ts"

type GridRun = Grid["runs"][number]
type GridTask = GridRun["tasks"][number]

const cell = 20

/** Runs × tasks: each cell one task of one run; of a map, the mix of its instances; of a group, of its tasks. */
export function DagGrid() {
  const { dagId } = useParams({ from: "/shell/dags/$dagId" })
  const search = useSearch({ from: "/shell/dags/$dagId/grid" })
  const navigate = useNavigate({ from: "/dags/$dagId/grid" })
  const grid = useInfiniteQuery(gridQuery(dagId))
  const { data: structure } = useQuery(structureQuery(dagId))
  const { closed, toggle, setAll } = useClosedGroups(
    search.closed,
    (ids) => void navigate({ search: { closed: ids }, replace: true, resetScroll: false }),
  )
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
                structure={structure}
                rows={treeOf(tasksOf(structure, runs), structure?.task_groups ?? [], closed)}
                onToggle={toggle}
              />
              <div className="sticky left-0 mt-3 flex flex-wrap items-center gap-x-4 gap-y-2">
                {grid.hasNextPage && (
                  <Button onClick={() => void grid.fetchNextPage()} disabled={grid.isFetchingNextPage}>
                    Older runs
                  </Button>
                )}
                <GroupButtons groups={structure?.task_groups ?? []} closed={closed} onChange={setAll} />
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
function tasksOf(structure: DagStructure | undefined, runs: readonly GridRun[]): readonly GroupedTask[] {
  const current = structure?.tasks ?? []
  const known = new Set(current.map((task) => task.task_id))
  const older = new Set(runs.flatMap((run) => run.tasks.map((task) => task.task_id)))
  return [
    ...current,
    ...[...older].filter((id) => !known.has(id)).map((id) => ({ task_id: id, task_group_id: null })),
  ]
}

function GridTable({
  dagId,
  runs,
  structure,
  rows,
  onToggle,
}: {
  readonly dagId: string
  readonly runs: readonly GridRun[]
  readonly structure: DagStructure | undefined
  readonly rows: readonly TreeRow[]
  readonly onToggle: (groupId: string) => void
}) {
  const parentOf = new Map([
    ...(structure?.task_groups ?? []).map(({ group_id: id, parent_id: parent }) => [id, parent] as const),
    ...(structure?.tasks ?? []).map(({ task_id: id, task_group_id: parent }) => [id ?? "", parent] as const),
  ])
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
        {rows.map((row) => (
          <tr key={`${row.kind} ${row.id}`} data-row>
            <th
              scope="row"
              className={`sticky left-0 z-10 max-w-64 truncate bg-surface pr-4 text-left whitespace-nowrap ${row.kind === "group" ? "font-semibold" : "font-medium"}`}
              style={{ paddingLeft: row.depth * 16 }}
              title={row.id}
            >
              {row.kind === "task" ? (
                shortName(row.id, parentOf.get(row.id) ?? null)
              ) : (
                <button
                  type="button"
                  aria-expanded={row.isOpen}
                  onClick={() => onToggle(row.id)}
                  className="-ml-1 inline-flex max-w-full items-center gap-0.5 rounded-sm pr-1 hover:text-accent"
                >
                  {row.isOpen ? (
                    <ChevronDown size={14} aria-hidden className="shrink-0 text-muted" />
                  ) : (
                    <ChevronRight size={14} aria-hidden className="shrink-0 text-muted" />
                  )}
                  <span className="truncate">{shortName(row.id, parentOf.get(row.id) ?? null)}</span>
                </button>
              )}
            </th>
            {runs.map(({ run, tasks }) => (
              <td key={run.dag_run_id} className="p-0">
                {row.kind === "task" ? (
                  <TaskCell dagId={dagId} runId={run.dag_run_id} taskId={row.id} tasks={tasks} />
                ) : (
                  <GroupCell dagId={dagId} runId={run.dag_run_id} group={row} tasks={tasks} />
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const cellLook = "block overflow-hidden rounded-[4px] ring-line hover:ring-2"

function TaskCell({
  dagId,
  runId,
  taskId,
  tasks,
}: {
  readonly dagId: string
  readonly runId: string
  readonly taskId: string
  readonly tasks: readonly GridTask[]
}) {
  const task = tasks.find((one) => one.task_id === taskId)
  if (task === undefined) return null
  const isMapped = task.kind === "mapped" && task.discovered > 0
  const words = isMapped
    ? `${taskId}: ${wordsOfMix(task.instances)} of ${task.exhausted ? "" : "≥ "}${count(task.discovered)}`
    : `${taskId}: ${lookOf(task.state).label}`
  return (
    <Tip text={words}>
      <Link
        to="/dags/$dagId/runs/$runId/tasks/$taskId"
        params={{ dagId, runId, taskId }}
        aria-label={words}
        className={cellLook}
        style={{ width: cell, height: cell }}
      >
        {isMapped ? (
          <MixOf mix={task.instances} />
        ) : (
          <div className="h-full" style={{ background: fillOf(task.state) }} />
        )}
      </Link>
    </Tip>
  )
}

/** How the tasks of a group stand: rounder than a task, so that the two are told apart. */
function GroupCell({
  dagId,
  runId,
  group,
  tasks,
}: {
  readonly dagId: string
  readonly runId: string
  readonly group: TreeRow & { readonly kind: "group" }
  readonly tasks: readonly GridTask[]
}) {
  const inside = tasks.filter((task) => group.taskIds.includes(task.task_id))
  if (inside.length === 0) return null
  const mix = mixOfTasks(inside.map((task) => task.state))
  const words = `${group.id}, ${inside.length === 1 ? "1 task" : `${count(inside.length)} tasks`}: ${wordsOfMix(mix)}`
  return (
    <Tip text={words}>
      <Link
        to="/dags/$dagId/runs/$runId"
        params={{ dagId, runId }}
        aria-label={words}
        className={`${cellLook} rounded-full ${group.isOpen ? "opacity-55" : ""}`}
        style={{ width: cell, height: cell }}
      >
        <MixOf mix={mix} />
      </Link>
    </Tip>
  )
}

/** A mix from the bottom up; a failure is always seen. */
function MixOf({ mix }: { readonly mix: Mix }) {
  const parts = barStates.map((state) => ({ state, n: mix[state] ?? 0 })).filter(({ n }) => n > 0)
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
