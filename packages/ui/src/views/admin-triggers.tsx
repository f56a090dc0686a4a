import type { WaitingTrigger } from "@sluice/api/wire"
import { useInfiniteQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { Hourglass } from "lucide-react"
import { triggersQuery } from "../api/queries.ts"
import { useNow } from "../components/clock.ts"
import { Empty, Loaded } from "../components/feedback.tsx"
import { Panel } from "../components/page.tsx"
import { More, Table } from "../components/table.tsx"
import { Time } from "../components/time.tsx"
import { count, duration, jsonLine, relative } from "../model/format.ts"

/** What deferred instances wait for: those that wait longest first. */
export function AdminTriggers() {
  const triggers = useInfiniteQuery(triggersQuery)
  return (
    <Panel title="Triggers">
      <Loaded query={triggers} rows={5}>
        {({ pages }) => {
          const all = pages.flatMap((page) => page.triggers)
          if (all.length === 0)
            return (
              <Empty title="Nothing is deferred" icon={<Hourglass size={22} aria-hidden />}>
                A task that calls <code className="font-mono">ctx.defer</code> gives its slot back, and comes
                up here until its trigger fires.
              </Empty>
            )
          return (
            <>
              <Table
                head={
                  <>
                    <th>Instance</th>
                    <th>Waits for</th>
                    <th>Since</th>
                    <th className="hidden sm:table-cell">Fires</th>
                    <th className="hidden md:table-cell">Timeout</th>
                    <th className="hidden lg:table-cell">Watched by</th>
                  </>
                }
              >
                {all.map((trigger) => (
                  <TriggerRow key={trigger.id} trigger={trigger} />
                ))}
              </Table>
              <More list={triggers} />
            </>
          )
        }}
      </Loaded>
    </Panel>
  )
}

function TriggerRow({ trigger }: { readonly trigger: WaitingTrigger }) {
  const { dag_id: dagId, dag_run_id: runId, task_id: taskId, map_index: index } = trigger
  return (
    <tr data-row>
      <td className="w-1/3 max-w-0 min-w-36">
        <Link
          to="/dags/$dagId/runs/$runId/tasks/$taskId/$mapIndex"
          params={{ dagId, runId, taskId, mapIndex: String(index) }}
          className="block truncate font-semibold hover:text-accent"
        >
          {taskId}
          {index >= 0 && ` ${count(index)}`}
        </Link>
        <div className="truncate text-xs text-muted" title={`${dagId} / ${runId}`}>
          {dagId} / {runId}
        </div>
      </td>
      <td className="max-w-0 min-w-28">
        <div className="truncate">{trigger.name}</div>
        <Parameters parameters={trigger.parameters} />
      </td>
      <td>
        <Time at={trigger.since} isRelative />
      </td>
      <td className="hidden whitespace-nowrap sm:table-cell">
        <Fires trigger={trigger} />
      </td>
      <td className="hidden md:table-cell">
        {trigger.timeout_at === null ? (
          <span className="text-muted">none</span>
        ) : (
          <Time at={trigger.timeout_at} isRelative />
        )}
      </td>
      <td className="hidden lg:table-cell">
        <Watcher trigger={trigger} />
      </td>
    </tr>
  )
}

/** What it was made with, on one line. */
function Parameters({ parameters }: Pick<WaitingTrigger, "parameters">) {
  const text = Object.entries(parameters)
    // A span of time is told as people would.
    .map(([name, value]) =>
      typeof value === "number" && /(^|_)ms$/.test(name)
        ? [name.slice(0, -"_ms".length), duration(value)].filter((part) => part !== "").join(" ")
        : `${name} ${jsonLine(value)}`,
    )
    .join(" · ")
  return (
    <div className="truncate font-mono text-xs text-muted" title={text}>
      {text}
    </div>
  )
}

function Fires({ trigger: { fires_at: at, is_parked: isParked } }: { readonly trigger: WaitingTrigger }) {
  const now = useNow()
  if (isParked) return <span className="font-medium text-(--s-upstream)">its run is cancelled</span>
  if (at === null) return <span className="text-muted">when it happens</span>
  return Date.parse(at) <= now ? (
    <span className="font-medium text-(--s-retry)">due {relative(Date.parse(at), now)}</span>
  ) : (
    <Time at={at} isRelative />
  )
}

/** The kinds of triggers that somebody has to watch; the others are facts of the database. */
const watched = ["http", "file", "user"]

function Watcher({ trigger: { trigger: kind, triggerer } }: { readonly trigger: WaitingTrigger }) {
  if (triggerer !== null)
    return (
      <span className="font-mono text-xs">
        {triggerer.hostname} · {triggerer.pid}
      </span>
    )
  return watched.includes(kind) ? (
    <span className="font-medium text-(--s-retry)">no triggerer yet</span>
  ) : (
    <span className="text-muted">the database</span>
  )
}
