import { Effect } from "effect"
import { makeWakeGate } from "../../store/wake-gate.ts"
import type { StoreService } from "../../store/store.ts"
import { untilAvailable } from "../../store/store-retry.ts"
import type { Wakeups } from "../../store/wakeups.ts"

/** The most pages that one fold adds up. */
const foldPagesMax = 1_000

/**
 * Folds the pages that this worker finished, many as one: while a fold is under way, the next ones gather.
 *
 * What is lost when the worker dies in between, the rescuer folds.
 */
export const makeFolder = Effect.fnUntraced(function* (store: StoreService) {
  const finished = new Set<string>()
  const bell = localBell()
  const gate = yield* makeWakeGate(bell, ["work"])
  const foldOnce = Effect.gen(function* () {
    const seen = gate.version()
    if (finished.size === 0) return yield* gate.wait(seen, idlePollMs)
    const expansionIds = [...finished]
    finished.clear()
    const pages = yield* untilAvailable(store.fold({ expansionIds, limit: foldPagesMax }))
    if (pages === foldPagesMax) expansionIds.forEach((id) => finished.add(id))
    if (pages > 0) store.wake("due")
    store.wake("progress")
  })
  const onPageFinished = (expansionId: string) => {
    finished.add(expansionId)
    bell.wake("work")
  }
  return { onPageFinished, foldOnce }
})

const idlePollMs = 60_000

/** Wake-ups within this worker. */
function localBell(): Wakeups {
  const listeners = new Set<() => void>()
  return {
    wake: () => listeners.forEach((listener) => listener()),
    onWake: (_topic, listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
