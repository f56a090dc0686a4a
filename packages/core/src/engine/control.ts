/**
 * Control of what runs, as people and programs do it: the store's verb, and then a word to whoever acts on it.
 *
 * The change itself is the store's, whole or not at all; a wake-up that is lost costs a poll.
 */
import { Effect } from "effect"
import { finishRun } from "./scheduler.ts"
import type { StoreService } from "../store/store.ts"
import type { WakeupTopic } from "../store/wakeups.ts"

type Options<Verb extends keyof StoreService> = StoreService[Verb] extends (options: infer A) => unknown
  ? A
  : never

/** Once it is done, wakes who acts on it. */
function thenWake(store: StoreService, ...topics: readonly WakeupTopic[]) {
  return <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.tap(effect, () =>
      Effect.sync(() => {
        for (const topic of topics) store.wake(topic)
      }),
    )
}

/** Pauses, resumes or resizes one running map; it takes effect at once. Says whether that changed anything. */
export function changeMap(store: StoreService, options: Options<"changeMap">) {
  // Room to pull, and leave to claim.
  return store.changeMap(options).pipe(thenWake(store, "progress", "work", "due"))
}

/** Sets limits of a DAG; runs that wait may start, and so may instances. */
export function setDagLimits(store: StoreService, options: Options<"setDagLimits">) {
  return store.setDagLimits(options).pipe(thenWake(store, "run", "plan", "work"))
}

/** Changes a task in the unfinished runs of its DAG; says in how many. */
export function changeTask(store: StoreService, options: Options<"changeTask">) {
  return store.changeTask(options).pipe(thenWake(store, "work"))
}

/** Changes a pool; from the next claim on it lets more run, or less. */
export function changePool(store: StoreService, options: Options<"changePool">) {
  return store.changePool(options).pipe(thenWake(store, "work"))
}

/** Makes a pool; tasks that named it before it was there may start. */
export function createPool(store: StoreService, options: Options<"createPool">) {
  return store.createPool(options).pipe(thenWake(store, "work"))
}

/** Cancels one map of a run that goes on: what runs of it is aborted, its downstream sees a failed upstream. */
export const cancelMap = Effect.fnUntraced(function* (store: StoreService, options: Options<"cancelMap">) {
  const { dagRunId } = yield* store.cancelMap(options).pipe(thenWake(store, "control", "progress", "due"))
  // Nobody decides on a map that has ended: where it was the last one, its run ends here (or the rescuer ends it).
  yield* finishRun(store, dagRunId)
})
