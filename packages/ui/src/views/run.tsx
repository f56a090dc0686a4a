import { useQuery } from "@tanstack/react-query"
import { Link, useParams } from "@tanstack/react-router"
import type { Expansion } from "@sluice/api/wire"
import { expansionsQuery, runQuery } from "../api/queries.ts"
import { useNow } from "../components/clock.ts"
import { Loaded } from "../components/feedback.tsx"
import { PageHead, Panel } from "../components/page.tsx"
import { ExpansionStateBadge, State, StateBar } from "../components/state.tsx"
import { Time } from "../components/time.tsx"
import { between, total } from "../model/format.ts"

/** A run: how each of its tasks stands. */
export function RunView() {
  const { dagId, runId } = useParams({ from: "/shell/dags/$dagId/runs/$runId" })
  const name = { dagId, runId }
  const run = useQuery(runQuery(name))
  const expansions = useQuery(expansionsQuery(name))
  const now = useNow()
  return (
    <Loaded query={run}>
      {(found) => (
        <>
          <PageHead
            trail={
              <>
                <Link to="/dags">DAGs</Link> /{" "}
                <Link to="/dags/$dagId" params={{ dagId }}>
                  {dagId}
                </Link>
              </>
            }
            title={runId}
            meta={
              <>
                <State state={found.is_cancelled && found.state === "failed" ? "cancelled" : found.state} />
                <span>
                  started <Time at={found.start_date} />
                </span>
                <span>took {between(found.start_date, found.end_date, now)}</span>
              </>
            }
          />
          <Panel title="Tasks">
            <Loaded query={expansions}>
              {({ expansions: tasks }) => (
                <ul className="m-0 list-none p-0">
                  {tasks.map((expansion) => (
                    <TaskRow key={expansion.task_id} expansion={expansion} />
                  ))}
                </ul>
              )}
            </Loaded>
          </Panel>
        </>
      )}
    </Loaded>
  )
}

function TaskRow({ expansion }: { readonly expansion: Expansion }) {
  return (
    <li data-row className="flex flex-wrap items-center gap-3 border-b border-line px-3 py-2 last:border-0">
      <span className="min-w-40 flex-1 font-semibold">{expansion.task_id}</span>
      <span className="num w-24">{total(expansion.discovered, expansion.exhausted)}</span>
      <div className="w-full sm:w-72">
        <StateBar mix={expansion.instances} isOpen={!expansion.exhausted} />
      </div>
      <span className="w-32">
        <ExpansionStateBadge expansion={expansion} />
      </span>
    </li>
  )
}
