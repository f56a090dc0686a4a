/**
 * The pruner: removes what deleted runs have left.
 *
 * Of all pruners one leads, and what it removes is fenced by its epoch. A run is out of sight when it is deleted; from then on
 * only its rows are left, which nobody reads. They are removed some at a time, from where the last statement ended, whoever
 * made that: a pruner that is killed at any line loses nothing, and another goes on. How many rows one statement takes follows
 * how long the last one took, so that no statement holds the database up for long, however large values are.
 */
import { Effect } from "effect"
import type { Leadership } from "../store/planner-store.ts"
import type { StoreService } from "../store/store.ts"
import { idly } from "../store/turn.ts"
import { makeWakeGate } from "../store/wake-gate.ts"

/** The role that leads. */
const prunerRoleName = "pruner"
/** How long one statement should take, and between how many rows of a table it may choose for that. */
export const pruneStatementMs = 100
export const prunedRowsMin = 50
export const prunedRowsMax = 10_000
/** How many rows of a table the first statement takes. */
const prunedRowsFirst = 500

/** How long the pruner sleeps at most without a wake-up. */
const prunePollMs = 5_000
/** How long a pruner leads without a word: so long nothing is pruned after it was killed. */
const leadSeconds = 10
/** How long giving the lead back may take when the engine stops. */
const resignMsMax = 2_000

/** How many rows the next statement takes, after one of this size took so long. */
export function nextPruneSize(size: number, tookMs: number): number {
  const fitting = tookMs > pruneStatementMs ? size / 2 : tookMs < pruneStatementMs / 2 ? size * 2 : size
  return Math.round(Math.min(prunedRowsMax, Math.max(prunedRowsMin, fitting)))
}

/** Removes rows once; says whether there is anything left, and how many rows to take next. */
export const pruneOnce = Effect.fnUntraced(function* (
  store: StoreService,
  leadership: Leadership,
  size: number,
) {
  const startedAt = performance.now()
  const { removed, isDone } = yield* store.pruneRows({ leadership, limit: size })
  return { removed, isDone, size: nextPruneSize(size, performance.now() - startedAt) }
})

/** A pruner with its turn: it removes what is left while it leads, and otherwise waits for the lead. */
export const makePruner = Effect.fnUntraced(function* (store: StoreService, name: string) {
  const gate = yield* makeWakeGate(store, ["prune"])
  let epoch: number | null = null
  let size = prunedRowsFirst
  const turn = Effect.gen(function* () {
    const seen = gate.version()
    epoch = yield* store.lead({ role: prunerRoleName, holder: name, leaseSeconds: leadSeconds })
    const renewMs = (leadSeconds * 1000) / 3
    if (epoch === null) return yield* idly(Effect.sleep(renewMs))
    const turned = yield* pruneOnce(store, { role: prunerRoleName, holder: name, epoch }, size)
    size = turned.size
    if (turned.isDone) yield* gate.wait(seen, Math.min(prunePollMs, renewMs))
  })
  const resign = Effect.suspend(() =>
    epoch === null ? Effect.void : store.resign({ role: prunerRoleName, holder: name, epoch }),
  )
  return { turn, resign: Effect.ignore(Effect.timeoutOption(resign, resignMsMax)) }
})
