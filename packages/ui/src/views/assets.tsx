import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { Boxes } from "lucide-react"
import { type Asset, type AssetEvent, assetEventsQuery, assetsQuery } from "../api/queries.ts"
import { Empty, Loaded } from "../components/feedback.tsx"
import { PageHead, Panel } from "../components/page.tsx"
import { StateIcon } from "../components/state.tsx"
import { More, Table } from "../components/table.tsx"
import { Time } from "../components/time.tsx"

/** Assets: what DAGs make and wait for, and the events of it. */
export function Assets() {
  const assets = useInfiniteQuery(assetsQuery)
  const events = useQuery(assetEventsQuery)
  return (
    <>
      <PageHead title="Assets" meta="Data that tasks make, and that other DAGs wait for." />
      <div className="grid items-start gap-3 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Panel title="Assets">
          <Loaded query={assets}>
            {({ pages }) => {
              const all = pages.flatMap((page) => page.assets)
              if (all.length === 0)
                return (
                  <Empty title="No DAG names an asset" icon={<Boxes size={22} aria-hidden />}>
                    A DAG whose schedule is an asset runs when a task of another DAG has changed it.
                  </Empty>
                )
              return (
                <>
                  <Table
                    head={
                      <>
                        <th>Asset</th>
                        <th>Made by</th>
                        <th>Waited for by</th>
                        <th className="hidden sm:table-cell">Last changed</th>
                      </>
                    }
                  >
                    {all.map((asset) => (
                      <AssetRow key={asset.id} asset={asset} />
                    ))}
                  </Table>
                  <More list={assets} />
                </>
              )
            }}
          </Loaded>
        </Panel>
        <Panel title="Latest events">
          <Loaded query={events} rows={4}>
            {({ asset_events: all }) =>
              all.length === 0 ? (
                <Empty title="No asset has changed yet" />
              ) : (
                <ul className="m-0 list-none p-0">
                  {all.map((event) => (
                    <EventItem key={event.id} event={event} />
                  ))}
                </ul>
              )
            }
          </Loaded>
        </Panel>
      </div>
    </>
  )
}

function AssetRow({ asset }: { readonly asset: Asset }) {
  return (
    <tr data-row>
      <td className="min-w-32">
        <div className="font-semibold">{asset.name}</div>
        <div className="font-mono text-xs break-all text-muted">{asset.uri}</div>
      </td>
      <td>
        {asset.producing_tasks.map((task) => (
          <div key={`${task.dag_id} ${task.task_id}`}>
            <DagLink dagId={task.dag_id} /> <span className="text-muted">/ {task.task_id}</span>
          </div>
        ))}
      </td>
      <td>
        {asset.scheduled_dags.map((dag) => (
          <div key={dag.dag_id}>
            <DagLink dagId={dag.dag_id} />
          </div>
        ))}
      </td>
      <td className="hidden sm:table-cell">
        <Time at={asset.last_asset_event?.timestamp} isRelative />
      </td>
    </tr>
  )
}

function DagLink({ dagId }: { readonly dagId: string }) {
  return (
    <Link
      to="/dags/$dagId"
      params={{ dagId }}
      className="text-accent underline underline-offset-2 hover:no-underline"
    >
      {dagId}
    </Link>
  )
}

function EventItem({ event }: { readonly event: AssetEvent }) {
  return (
    <li data-row className="border-b border-line px-3 py-2 last:border-0">
      <div className="flex items-center justify-between gap-3">
        <span className="truncate font-semibold">{event.name ?? event.uri}</span>
        <span className="text-xs whitespace-nowrap text-muted">
          <Time at={event.timestamp} isRelative />
        </span>
      </div>
      <div className="text-xs text-muted">
        {event.source_dag_id === null ? "by hand" : `by ${event.source_dag_id} / ${event.source_task_id}`}
      </div>
      {event.created_dagruns.map((run) => (
        <Link
          key={`${run.dag_id} ${run.run_id}`}
          to="/dags/$dagId/runs/$runId"
          params={{ dagId: run.dag_id, runId: run.run_id }}
          className="mt-1 flex items-center gap-1.5 text-xs text-accent hover:underline"
        >
          <StateIcon state={run.state} size={12} /> {run.dag_id}
        </Link>
      ))}
    </li>
  )
}
