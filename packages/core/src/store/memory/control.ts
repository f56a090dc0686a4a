import { Effect } from "effect"
import type { ControlStore } from "../control-store.ts"
import { listEvents } from "./events.ts"
import type { MemoryState } from "./state.ts"

/** Control of what runs, over a memory state. */
export function control(state: MemoryState): ControlStore {
  return {
    listEvents: (options) => Effect.sync(() => listEvents(state, options)),
  }
}
