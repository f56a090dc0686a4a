import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { DagRun } from "@sluice/api/wire"
import { Activity, CircleCheck, FileWarning } from "lucide-react"
import type { ReactNode } from "react"
import { type LiveRun, liveRunsKey } from "../api/live.ts"
import {
  healthQuery,
  importErrorsQuery,
  jobsQuery,
  nextRunsQuery,
  type Pool,
  poolsQuery,
  runsQuery,
} from "../api/queries.ts"
import { useNow } from "../components/clock.ts"
import { Empty, Loaded } from "../components/feedback.tsx"
import { PageHead, Panel } from "../components/page.tsx"
import { State, StateBar, StateIcon } from "../components/state.tsx"
import { Table } from "../components/table.tsx"
import { Time } from "../components/time.tsx"
import { between, count } from "../model/format.ts"
import { stateOfRun } from "../model/states.ts"

/** The most runs that each part shows. */
const shownMax = 12

/** What goes on, what went wrong, and whether all is well: one look. */
export function Overview() {
  return (
    <>
      <PageHead title="Overview" />
      <HealthStrip />
      <div className="grid gap-3 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex min-w-0 flex-col gap-3">
          <RunningNow />
          <Ended />
        </div>
        <div className="flex min-w-0 flex-col gap-3">
          <FailedLately />
          <NextRuns />
          <Pools />
          <Processes />
        </div>
      </div>
    </>
  )
}

function HealthStrip() {
  const health = useQuery(healthQuery)
  const errors = useQuery(importErrorsQuery)
  const live = useLiveRuns()
  const sick = [
    ...(health.data?.metadatabase.status === "unhealthy" ? ["database"] : []),
    ...Object.entries(health.data?.roles ?? {})
      .filter(([, { status }]) => status === "unhealthy")
      .map(([role]) => role),
    ...(health.data !== undefined &&
    health.data.scheduler.status === "unhealthy" &&
    health.data.roles["scheduler"] === undefined
      ? ["scheduler"]
      : []),
  ]
  const running = live.filter((run) => run.state === "running")
  const busy = running.reduce((sum, run) => sum + (run.instances?.running ?? 0), 0)
  return (
    <div className="mb-3 grid grid-cols-2 gap-3 lg:grid-cols-4">
      <Figure
        name="Running runs"
        value={count(running.length)}
        note={`${count(live.length - running.length)} queued`}
      />
      <Figure name="Running instances" value={count(busy)} note={<Waiting />} />
      <Figure
        name="System"
        value={
          health.data === undefined ? (
            "…"
          ) : sick.length === 0 ? (
            <span className="inline-flex items-center gap-2" style={{ color: "var(--s-success)" }}>
              <CircleCheck size={18} aria-hidden /> Healthy
            </span>
          ) : (
            <span className="text-danger">Unhealthy</span>
          )
        }
        note={sick.length === 0 ? `${Object.keys(health.data?.roles ?? {}).length} roles` : sick.join(", ")}
      />
      <Figure
        name="DAG files"
        value={
          (errors.data?.total_entries ?? 0) === 0 ? (
            "All usable"
          ) : (
            <Link to="/errors" className="inline-flex items-center gap-2 text-danger hover:underline">
              <FileWarning size={18} aria-hidden /> {count(errors.data?.total_entries ?? 0)} broken
            </Link>
          )
        }
        note="in the DAG folder"
      />
    </div>
  )
}

function Figure({
  name,
  value,
  note,
}: {
  readonly name: string
  readonly value: ReactNode
  readonly note: ReactNode
}) {
  return (
    <div className="panel px-3.5 py-2.5">
      <div className="eyebrow">{name}</div>
      <div className="mt-0.5 text-lg font-semibold tracking-tight">{value}</div>
      <div className="text-xs text-muted">{note}</div>
    </div>
  )
}

/** What waits: for a slot, or for what it is deferred to. */
function Waiting() {
  const { data } = useQuery(poolsQuery)
  if (data === undefined) return "…"
  const sum = (of: (pool: Pool) => number) => data.pools.reduce((all, pool) => all + of(pool), 0)
  const deferred = sum((pool) => pool.deferred_slots)
  return (
    <>
      {count(sum((pool) => pool.scheduled_slots))} wait for a slot
      {deferred > 0 && (
        <>
          {" · "}
          <Link to="/admin/triggers" className="hover:text-ink hover:underline">
            {count(deferred)} deferred
          </Link>
        </>
      )}
    </>
  )
}

function useLiveRuns(): readonly LiveRun[] {
  const { data } = useQuery<Record<string, LiveRun>>({
    queryKey: liveRunsKey,
    queryFn: () => ({}),
    // Only the live connection writes it.
    enabled: false,
    initialData: {},
  })
  return Object.values(data).sort((a, b) => b.run_after.localeCompare(a.run_after))
}

function RunningNow() {
  const runs = useLiveRuns()
  return (
    <Panel
      title="Running now"
      aside={<span className="text-xs text-muted">{count(runs.length)} unfinished</span>}
    >
      {runs.length === 0 ? (
        <Empty title="Nothing runs" icon={<Activity size={22} aria-hidden />}>
          Runs come up here as they start.
        </Empty>
      ) : (
        <ul className="m-0 list-none p-0">
          {runs.slice(0, shownMax).map((run) => (
            <RunningRun key={`${run.dag_id}/${run.dag_run_id}`} run={run} />
          ))}
        </ul>
      )}
    </Panel>
  )
}

function RunningRun({ run }: { readonly run: LiveRun }) {
  const now = useNow()
  const { discovered = 0, success = 0, failed = 0, running = 0, ended = 0 } = run.instances ?? {}
  return (
    <li
      data-row
      className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-3 py-2 last:border-0"
    >
      <div className="min-w-0 flex-1 basis-52">
        <RunLink run={run} />
        <div className="truncate text-xs text-muted">{run.dag_run_id}</div>
      </div>
      <div className="w-full sm:w-56">
        <StateBar
          mix={{
            success,
            failed,
            running,
            skipped: ended - success - failed,
            scheduled: discovered - ended - running,
          }}
          isOpen
        />
        <div className="mt-1 flex justify-between text-2xs text-muted">
          <span>
            {count(ended)} done of ≥ {count(discovered)}
          </span>
          {failed > 0 && <span className="font-medium text-danger">{count(failed)} failed</span>}
        </div>
      </div>
      <div className="flex w-full items-center justify-between gap-2 sm:block sm:w-24 sm:text-right">
        <State state={run.state} />
        <div className="text-xs text-muted">{between(run.start_date ?? run.queued_at, null, now)}</div>
      </div>
    </li>
  )
}

function RunLink({ run }: { readonly run: DagRun }) {
  return (
    <Link
      to="/dags/$dagId/runs/$runId"
      params={{ dagId: run.dag_id, runId: run.dag_run_id }}
      className="block truncate font-semibold hover:text-accent"
    >
      {run.dag_id}
    </Link>
  )
}

function FailedLately() {
  const runs = useInfiniteQuery(runsQuery("~", { state: "failed" }))
  return (
    <Panel title="Failed lately">
      <Loaded query={runs} rows={4}>
        {({ pages }) => {
          const failed = pages.flatMap((page) => page.dag_runs).slice(0, shownMax)
          if (failed.length === 0)
            return (
              <Empty title="No run has failed" icon={<CircleCheck size={22} aria-hidden />}>
                Failed runs stay here, the newest first.
              </Empty>
            )
          return (
            <ul className="m-0 list-none p-0">
              {failed.map((run) => (
                <li
                  key={`${run.dag_id}/${run.dag_run_id}`}
                  data-row
                  className="flex items-center gap-3 border-b border-line px-3 py-2 last:border-0"
                >
                  <StateIcon state={run.is_cancelled ? "cancelled" : "failed"} />
                  <div className="min-w-0 flex-1">
                    <RunLink run={run} />
                    <div className="truncate text-xs text-muted">{run.note ?? run.dag_run_id}</div>
                  </div>
                  <span className="text-xs whitespace-nowrap text-muted">
                    <Time at={run.end_date} isRelative />
                  </span>
                </li>
              ))}
            </ul>
          )
        }}
      </Loaded>
    </Panel>
  )
}

function Ended() {
  const runs = useInfiniteQuery(runsQuery("~"))
  const now = useNow()
  return (
    <Panel title="Latest runs">
      <Loaded query={runs} rows={6}>
        {({ pages }) => {
          const latest = pages.flatMap((page) => page.dag_runs).slice(0, shownMax)
          if (latest.length === 0)
            return <Empty title="No run yet">Trigger a DAG, or let its schedule do it.</Empty>
          return (
            <Table
              head={
                <>
                  <th>Run</th>
                  <th className="hidden sm:table-cell">Made by</th>
                  <th>Started</th>
                  <th className="num hidden sm:table-cell">Took</th>
                  <th>State</th>
                </>
              }
            >
              {latest.map((run) => (
                <tr key={`${run.dag_id}/${run.dag_run_id}`} data-row>
                  <td className="w-full max-w-0 min-w-32">
                    <RunLink run={run} />
                    <div className="truncate text-xs text-muted">{run.dag_run_id}</div>
                  </td>
                  <td className="hidden whitespace-nowrap text-muted sm:table-cell">
                    {run.run_type}
                    {run.triggering_user_name !== null && ` · ${run.triggering_user_name}`}
                  </td>
                  <td>
                    <Time at={run.start_date} isRelative />
                  </td>
                  <td className="num hidden whitespace-nowrap sm:table-cell">
                    {between(run.start_date, run.end_date, now)}
                  </td>
                  <td>
                    <State state={stateOfRun(run)} />
                  </td>
                </tr>
              ))}
            </Table>
          )
        }}
      </Loaded>
    </Panel>
  )
}

/** What comes next; it is looked for among the first hundred DAGs that are not paused. */
function NextRuns() {
  const dags = useQuery(nextRunsQuery)
  return (
    <Panel title="Next runs">
      <Loaded query={dags} rows={3}>
        {({ dags: rows, total_entries: all }) => {
          const next = rows
            .filter((dag) => dag.next_dagrun_run_after !== null)
            .sort((a, b) => (a.next_dagrun_run_after ?? "").localeCompare(b.next_dagrun_run_after ?? ""))
          if (next.length === 0) return <p className="m-0 p-3 text-muted">No DAG has a run to come.</p>
          return (
            <ul className="m-0 list-none p-0">
              {next.slice(0, 6).map((dag) => (
                <li
                  key={dag.dag_id}
                  className="flex items-center gap-3 border-b border-line px-3 py-2 last:border-0"
                >
                  <Link
                    to="/dags/$dagId"
                    params={{ dagId: dag.dag_id }}
                    className="min-w-0 flex-1 truncate font-semibold hover:text-accent"
                  >
                    {dag.dag_id}
                  </Link>
                  <span className="font-mono text-xs text-muted">{dag.timetable_summary}</span>
                  <span className="text-xs whitespace-nowrap">
                    <Time at={dag.next_dagrun_run_after} isRelative />
                  </span>
                </li>
              ))}
              {all > rows.length && (
                <li className="px-3 py-1.5 text-xs text-muted">
                  of the first {count(rows.length)} of {count(all)} DAGs
                </li>
              )}
            </ul>
          )
        }}
      </Loaded>
    </Panel>
  )
}

function Pools() {
  const pools = useQuery(poolsQuery)
  return (
    <Panel title="Pools">
      <Loaded query={pools} rows={2}>
        {({ pools: rows }) => (
          <ul className="m-0 list-none p-0">
            {rows.slice(0, shownMax).map((pool) => (
              <li
                key={pool.name}
                className="flex items-center gap-3 border-b border-line px-3 py-2 last:border-0"
              >
                <span className="min-w-0 flex-1 truncate">{pool.name}</span>
                <span className="text-xs text-muted">
                  {count(pool.running_slots)} running · {count(pool.scheduled_slots)} waiting ·{" "}
                  {pool.slots < 0 ? "no limit" : `${count(pool.slots)} slots`}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}

function Processes() {
  const jobs = useQuery(jobsQuery)
  return (
    <Panel title="Processes">
      <Loaded query={jobs} rows={4}>
        {({ jobs: rows }) => {
          const processes = Map.groupBy(rows, (job) => `${job.hostname} · ${job.pid}`)
          return (
            <ul className="m-0 list-none p-0">
              {[...processes].map(([name, roles]) => (
                <li key={name} className="border-b border-line px-3 py-2 last:border-0">
                  <div className="flex items-center justify-between gap-2">
                    <span className="truncate font-mono text-xs">{name}</span>
                    <span className="text-xs whitespace-nowrap text-muted">
                      heard <Time at={roles[0]?.latest_heartbeat} isRelative />
                    </span>
                  </div>
                  <div className="mt-1 flex flex-wrap gap-1">
                    {roles.map((job) => (
                      <span
                        key={job.id}
                        className={`rounded px-1.5 text-2xs font-medium ${job.state === "running" ? "bg-sunken text-soft" : "bg-sunken text-danger line-through"}`}
                      >
                        {job.role}
                      </span>
                    ))}
                  </div>
                </li>
              ))}
            </ul>
          )
        }}
      </Loaded>
    </Panel>
  )
}
