/**
 * Control of what runs, as people and programs do it: the store's verb, and then a word to whoever acts on it.
 *
 * The change itself is the store's, whole or not at all; a wake-up that is lost costs a poll.
 */
import { Effect } from "effect"
import { finishRun } from "./scheduler.ts"
import type { StoreService } from "../store/store.ts"

type ChangeOptions = Parameters<StoreService["changeMap"]>[0]

/** Pauses, resumes or resizes one running map; it takes effect at once. Says whether that changed anything. */
export const changeMap = Effect.fnUntraced(function* (store: StoreService, options: ChangeOptions) {
  const isChanged = yield* store.changeMap(options)
  // Room to pull, and leave to claim.
  for (const topic of ["progress", "work", "due"] as const) store.wake(topic)
  return isChanged
})

/** Sets limits of a DAG; runs that wait may start, and so may instances. */
export const setDagLimits = Effect.fnUntraced(function* (
  store: StoreService,
  options: Parameters<StoreService["setDagLimits"]>[0],
) {
  const dag = yield* store.setDagLimits(options)
  for (const topic of ["run", "plan", "work"] as const) store.wake(topic)
  return dag
})

/** Changes a task in the unfinished runs of its DAG; says in how many. */
export const changeTask = Effect.fnUntraced(function* (
  store: StoreService,
  options: Parameters<StoreService["changeTask"]>[0],
) {
  const changed = yield* store.changeTask(options)
  store.wake("work")
  return changed
})

/** Changes a pool; from the next claim on it lets more run, or less. */
export const changePool = Effect.fnUntraced(function* (
  store: StoreService,
  options: Parameters<StoreService["changePool"]>[0],
) {
  const pool = yield* store.changePool(options)
  store.wake("work")
  return pool
})

/** Makes a pool; tasks that named it before it was there may start. */
export const createPool = Effect.fnUntraced(function* (
  store: StoreService,
  options: Parameters<StoreService["createPool"]>[0],
) {
  const pool = yield* store.createPool(options)
  store.wake("work")
  return pool
})

/** Cancels one map of a run that goes on: what runs of it is aborted, its downstream sees a failed upstream. */
export const cancelMap = Effect.fnUntraced(function* (
  store: StoreService,
  options: Parameters<StoreService["cancelMap"]>[0],
) {
  const { dagRunId } = yield* store.cancelMap(options)
  for (const topic of ["control", "progress", "due"] as const) store.wake(topic)
  // Nobody decides on a map that has ended: where it was the last one, its run ends here (or the rescuer ends it).
  yield* finishRun(store, dagRunId)
})
