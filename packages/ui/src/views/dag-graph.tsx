import { useQuery } from "@tanstack/react-query"
import { useNavigate, useParams, useSearch } from "@tanstack/react-router"
import type { Task } from "@sluice/api/wire"
import { structureQuery } from "../api/queries.ts"
import { Loaded } from "../components/feedback.tsx"
import { Graph } from "../components/graph.tsx"
import { GroupButtons, useClosedGroups } from "../components/groups.tsx"
import { Fact, Panel } from "../components/page.tsx"
import { count, duration } from "../model/format.ts"

/** The shape of the newest version, and what is written down of the task that is looked at. */
export function DagGraph() {
  const { dagId } = useParams({ from: "/shell/dags/$dagId" })
  const { task: taskId, closed: closedIds } = useSearch({ from: "/shell/dags/$dagId/graph" })
  const navigate = useNavigate({ from: "/dags/$dagId/graph" })
  const structure = useQuery(structureQuery(dagId))
  const set = (change: { task?: string; closed?: string | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
  const { closed, toggle, setAll } = useClosedGroups(closedIds, (ids) => set({ closed: ids }))
  return (
    <Loaded query={structure}>
      {(shape) => {
        const task = shape.tasks.find((one) => one.task_id === taskId)
        return (
          <div className="grid gap-3 lg:grid-cols-[minmax(0,1fr)_320px]">
            <Panel
              className="overflow-hidden"
              {...(shape.task_groups.length > 0 && {
                title: "Graph",
                aside: <GroupButtons groups={shape.task_groups} closed={closed} onChange={setAll} />,
              })}
            >
              <Graph
                structure={shape}
                height="clamp(320px, 62vh, 720px)"
                closed={closed}
                onToggle={toggle}
                onPick={(id) => set({ task: id })}
              />
            </Panel>
            <Panel title={task?.task_id ?? "Tasks"}>
              {task === undefined ? (
                <p className="m-0 p-3 text-muted">
                  {count(shape.tasks.length)} tasks. Choose one to see its options. Thick edges are streams:
                  what is below begins while what is above goes on.
                </p>
              ) : (
                <TaskFacts task={task} />
              )}
            </Panel>
          </div>
        )
      }}
    </Loaded>
  )
}

function TaskFacts({ task }: { readonly task: Task }) {
  const delay = task.retry_delay
  return (
    <dl className="m-0 grid grid-cols-2 gap-x-4 gap-y-3 p-3">
      <Fact name="Kind">{task.kind === "fused" ? "source, read by one map" : task.kind}</Fact>
      <Fact name="Trigger rule">{task.trigger_rule}</Fact>
      <Fact name="Retries">
        {task.retries}
        {delay !== null && (task.retries ?? 0) > 0 && (
          <span className="text-muted">
            {" "}
            after {duration(delay.days * 86_400_000 + delay.seconds * 1_000 + delay.microseconds / 1_000)}
          </span>
        )}
      </Fact>
      <Fact name="Timeout">
        {task.execution_timeout === null
          ? "none"
          : duration(task.execution_timeout.days * 86_400_000 + task.execution_timeout.seconds * 1_000)}
      </Fact>
      <Fact name="Pool">
        {task.pool} <span className="text-muted">× {task.pool_slots}</span>
      </Fact>
      <Fact name="Priority">{task.priority_weight}</Fact>
      {task.window !== null && <Fact name="Window">{count(task.window)}</Fact>}
      {task.page_size !== null && <Fact name="Page size">{count(task.page_size)}</Fact>}
      <Fact name="Concurrency">{task.concurrency ?? "as workers have slots"}</Fact>
      <Fact name="Downstream">{task.downstream_task_ids?.join(", ") || "none"}</Fact>
    </dl>
  )
}
