/**
 * Control of what runs, as people and programs do it: the store's verb, and then a word to whoever acts on it.
 *
 * The change itself is the store's, whole or not at all; a wake-up that is lost costs a poll.
 */
import { Effect } from "effect"
import type { StoreService } from "../store/store.ts"

type ChangeOptions = Parameters<StoreService["changeMap"]>[0]

/** Pauses, resumes or resizes one running map; it takes effect at once. Says whether that changed anything. */
export const changeMap = Effect.fnUntraced(function* (store: StoreService, options: ChangeOptions) {
  const isChanged = yield* store.changeMap(options)
  // Room to pull, and leave to claim.
  for (const topic of ["progress", "work"] as const) store.wake(topic)
  return isChanged
})
