/**
 * Going back in a loop: an iteration that is run again begins anew with all that follows from it, since each takes what the
 * one before has left. The iterations before it stay as they are.
 */
import { Effect } from "effect"
import { loopOf } from "../../dag/loop-of.ts"
import type { SerializedDag, SerializedLoop } from "../../dag/serialized-dag.ts"
import type { ExpansionView } from "../../store/expansion-store.ts"
import type { RewoundLoop } from "../../store/redrive-store.ts"
import type { StoreService } from "../../store/store.ts"
import { tasksBelow } from "./below.ts"
import type { DownstreamEffect, RedriveOptions, RedriveReport } from "./redrive.ts"
import { beforeFirst, selectInstances } from "./selection.ts"

/** A task of a loop, or what the loop goes round with, of which something is to be run again. */
interface Step {
  readonly dag: SerializedDag
  readonly views: readonly ExpansionView[]
  readonly view: ExpansionView
  readonly loop: SerializedLoop
}

/** Why nothing of a loop can be run again; null: it can, or the task is of none. */
export function refusalOfStep(
  { dag, views, taskId }: Pick<Step, "dag" | "views"> & { readonly taskId: string },
  { downstream }: Pick<RedriveOptions, "downstream">,
): string | null {
  const loop = loopOf(dag, taskId)
  if (loop === undefined) return null
  if (!downstream)
    return `"${taskId}" is of loop "${loop.loopId}", where all that comes after it follows from it. Fix: let what is downstream run again too`
  const standing = views.find(
    (view) => stepsOf(loop).includes(view.taskId) && (view.state === "waiting" || view.state === "cancelled"),
  )
  if (standing === undefined) return null
  return standing.state === "waiting"
    ? `"${standing.taskId}" of loop "${loop.loopId}" has not started: nothing of it has run yet`
    : `"${standing.taskId}" of loop "${loop.loopId}" was cancelled by itself, and stays so. Fix: start a new run`
}

/** Says what is run again with the chosen instances of a step, and how the loop is gone back in for it. */
export const rewind = Effect.fnUntraced(function* (
  store: StoreService,
  step: Step,
  request: RedriveOptions & { readonly isWhole: boolean },
) {
  const { selected, fromIndex } = yield* chosen(store, step, request)
  const { dag, views, view, loop } = step
  const { taskId, actor, event } = request
  if (selected === 0) return { report: { taskId, selected, downstream: [], notes: [] }, rewound: [] }
  const steps = stepsOf(loop)
  const standing = views.filter((each) => steps.includes(each.taskId))
  const again = Math.max(...standing.map(({ created }) => created)) - fromIndex
  const anew = tasksBelow(dag, views, { reopened: steps, readAnew: steps })
  const downstream = dag.tasks.flatMap((task): DownstreamEffect[] => {
    if (task.taskId === taskId || task.taskId === loop.iterations) return []
    if (!steps.includes(task.taskId))
      return anew.has(task.taskId) ? [{ taskId: task.taskId, runs: "anew" }] : []
    return again > 0 ? [{ taskId: task.taskId, runs: "instances", instances: again }] : []
  })
  const note = `loop "${loop.loopId}" goes on from iteration ${fromIndex + 1}`
  const report: RedriveReport = { taskId, selected, downstream, notes: [note] }
  const detail = { loop: loop.loopId, from_iteration: fromIndex + 1, instances: selected }
  const expansionIds = standing.map((each) => each.expansionId)
  const rewound: RewoundLoop = {
    ...{ expansionIds, fromIndex, expansionId: view.expansionId },
    ...{ actor, event, detail },
  }
  return { report, rewound: [rewound] }
})

function stepsOf({ iterations, body }: SerializedLoop): string[] {
  return [iterations, ...body]
}

/** How many instances are meant, and at which iteration the first of them is. */
const chosen = Effect.fnUntraced(function* (
  store: StoreService,
  { view, loop }: Step,
  { select, isWhole }: RedriveOptions & { readonly isWhole: boolean },
) {
  // What a loop goes round with has no instances; where it broke, it is asked again what follows the last.
  if (view.taskId === loop.iterations)
    return isWhole
      ? { selected: view.created, fromIndex: 0 }
      : { selected: view.streamError === null ? 0 : 1, fromIndex: view.created }
  let selected = 0
  let first: number | null = null
  for (let after: number | null = beforeFirst; after !== null;) {
    const chunk: { instances: readonly { mapIndex: number }[]; after: number | null } =
      yield* selectInstances(store, view.expansionId, select, after)
    selected += chunk.instances.length
    first ??= chunk.instances[0]?.mapIndex ?? null
    after = chunk.after
  }
  return { selected, fromIndex: isWhole ? 0 : (first ?? 0) }
})
