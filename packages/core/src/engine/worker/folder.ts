import { Effect } from "effect"
import type { StoreService } from "../../store/store.ts"
import { untilAvailable } from "../../store/store-retry.ts"
import { idly } from "../../store/turn.ts"
import { localWakeups, makeWakeGate } from "../../store/wake-gate.ts"

/** The most pages that one fold adds up. */
const foldPagesMax = 1_000

/** How long finished pages of a stream that still goes on may wait to be folded, many as one. */
export const foldEveryMs = 100

/** How long the folder sleeps while nothing finishes. */
const idlePollMs = 60_000

/**
 * Folds the pages that this worker finished, many as one.
 *
 * Only the end of a stream is urgent, since it may end the expansion; until then the window counts unfolded pages as
 * well. What is lost when the worker dies in between, the rescuer folds.
 */
export const makeFolder = Effect.fnUntraced(function* (store: StoreService) {
  const finished = new Set<string>()
  let isUrgent = false
  const bell = localWakeups()
  const gate = yield* makeWakeGate(bell, ["work"])
  const gather = Effect.gen(function* () {
    const seen = gate.version()
    if (finished.size === 0) yield* gate.wait(seen, idlePollMs)
    if (!isUrgent) yield* urgentOrAfter(foldEveryMs)
  })
  const urgentOrAfter = (ms: number): Effect.Effect<void> =>
    idly(
      Effect.raceFirst(
        Effect.sleep(ms),
        Effect.suspend(() => gate.wait(gate.version(), ms)).pipe(Effect.repeat({ until: () => isUrgent })),
      ),
    )
  const foldNow = Effect.gen(function* () {
    const expansionIds = [...finished]
    if (expansionIds.length === 0) return
    finished.clear()
    isUrgent = false
    const { pages, hasDue } = yield* untilAvailable(store.fold({ expansionIds, limit: foldPagesMax }))
    if (pages === foldPagesMax) expansionIds.forEach((id) => finished.add(id))
    if (hasDue) store.wake("due")
    store.wake("progress")
  })
  const foldOnce = Effect.andThen(gather, foldNow)
  const onPageFinished = (expansionId: string, isExhausted: boolean) => {
    finished.add(expansionId)
    isUrgent ||= isExhausted
    bell.wake("work")
  }
  return { onPageFinished, foldOnce, foldNow }
})
