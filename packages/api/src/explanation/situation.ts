import type { SerializedDag, SerializedTask } from "@sluice/core/dag"
import type { EventName, EventRow, ExpansionView } from "@sluice/core/store"
import { Effect } from "effect"
import type { Services } from "../environment.ts"
import type { WireState } from "../wire/enums.ts"
import type { ListedInstance } from "../wire/task-instance.ts"

/** What an explanation is made of: an instance, its task, and how the tasks of its run stand. */
export interface Situation {
  readonly services: Services
  readonly dag: SerializedDag
  readonly instance: ListedInstance
  /** How its task stands. */
  readonly view: ExpansionView
  readonly views: readonly ExpansionView[]
}

/** A task of the run, or one instance of it, that has to do with it. */
export interface Involved {
  readonly taskId: string
  /** Null: the whole task. */
  readonly mapIndex: number | null
  readonly state: WireState | ExpansionView["state"] | null
}

/** The most events of a run that are looked through for who did something; newest first. */
const eventsMax = 100

/** The newest of some events of the run, of this task or of the whole run; null: it is not among the last ones. */
export async function lastEvent(
  { services: { store }, instance }: Situation,
  names: readonly EventName[],
): Promise<EventRow | null> {
  const { run, task } = instance
  const events = await Effect.runPromise(
    store.listEvents({ dagRunId: run.id, before: null, limit: eventsMax }),
  )
  const isMeant = ({ event, taskId }: EventRow) =>
    names.includes(event) && (taskId === null || taskId === task.taskId)
  return events.find(isMeant) ?? null
}

/** A task of the run as something that has to do with it. */
export function involvedTask({ views }: Situation, taskId: string): Involved {
  const view = views.find((each) => each.taskId === taskId)
  return { taskId, mapIndex: null, state: view?.state ?? null }
}

/** The tasks directly above, each once. */
export function upstreamsOf({ dag, instance }: Situation): readonly string[] {
  const { taskId } = instance.task
  return [...new Set(dag.edges.filter((edge) => edge.downstream === taskId).map((edge) => edge.upstream))]
}

/** The gates that may say whether its task runs. */
export function gatesAbove({ dag, instance }: Situation): readonly SerializedTask[] {
  return dag.tasks.filter(({ gate }) => gate?.targets.includes(instance.task.ordinal) === true)
}

/** A task's name in a sentence. */
export function quoted(taskId: string): string {
  return `"${taskId}"`
}

/** Things in a sentence: "a, b and c". */
export function listed(things: readonly string[]): string {
  const last = things.at(-1) ?? ""
  return things.length < 2 ? last : `${things.slice(0, -1).join(", ")} and ${last}`
}

/** How something ended, in a sentence. */
export const endedWords: Readonly<Record<string, string>> = {
  success: "succeeded",
  failed: "failed",
  skipped: "was skipped",
  upstream_failed: "could not run, since something above it failed",
  cancelled: "was cancelled",
  waiting: "has not started",
  open: "is running",
  draining: "is running",
}
