import { useInfiniteQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { type EventLog, eventLogsQuery } from "../api/queries.ts"
import type { Query } from "../api/client.ts"
import { Empty, Loaded } from "../components/feedback.tsx"
import { Panel } from "../components/page.tsx"
import { More, Table } from "../components/table.tsx"
import { Time } from "../components/time.tsx"

/** What people, programs and limits did, the newest first. */
export function EventTable({ filter }: { readonly filter: Query }) {
  const events = useInfiniteQuery(eventLogsQuery(filter))
  return (
    <Panel>
      <Loaded query={events} rows={8}>
        {({ pages }) => {
          const all = pages.flatMap((page) => page.event_logs)
          if (all.length === 0)
            return <Empty title="Nothing is noted yet">What people and programs change comes up here.</Empty>
          return (
            <>
              <Table
                head={
                  <>
                    <th>When</th>
                    <th>Who</th>
                    <th>What</th>
                    <th>Of</th>
                    <th className="hidden w-1/3 lg:table-cell">Detail</th>
                  </>
                }
              >
                {all.map((event) => (
                  <EventRow key={event.event_log_id} event={event} />
                ))}
              </Table>
              <More list={events}>Older</More>
            </>
          )
        }}
      </Loaded>
    </Panel>
  )
}

function EventRow({ event }: { readonly event: EventLog }) {
  const { dag_id: dagId, run_id: runId, task_id: taskId } = event
  return (
    <tr data-row>
      <td>
        <Time at={event.when} />
      </td>
      <td className="max-w-40 truncate">{event.owner}</td>
      <td className="font-mono text-xs whitespace-nowrap">{event.event}</td>
      <td className="max-w-72 truncate">
        {dagId === null ? (
          "–"
        ) : runId === null ? (
          <Link to="/dags/$dagId" params={{ dagId }} className="text-accent hover:underline">
            {dagId}
          </Link>
        ) : taskId === null ? (
          <Link
            to="/dags/$dagId/runs/$runId"
            params={{ dagId, runId }}
            className="text-accent hover:underline"
          >
            {dagId} / {runId}
          </Link>
        ) : (
          <Link
            to="/dags/$dagId/runs/$runId/tasks/$taskId"
            params={{ dagId, runId, taskId }}
            className="text-accent hover:underline"
          >
            {taskId}
            {event.map_index !== null && event.map_index >= 0 ? ` ${event.map_index}` : ""} · {runId}
          </Link>
        )}
      </td>
      <td
        className="hidden max-w-0 truncate font-mono text-xs text-muted lg:table-cell"
        title={event.extra ?? undefined}
      >
        {event.extra}
      </td>
    </tr>
  )
}
