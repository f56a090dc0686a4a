import { Effect } from "effect"
import type { ExpansionLease, ExpansionProgress, ExpansionStore } from "../expansion-store.ts"
import { consumedOf, countsOf, sumOf } from "./counts.ts"
import { decideExpansion, dueExpansions, fold } from "./decisions.ts"
import { viewOf } from "./expansion-view.ts"
import { breakStream, commitPage, delayPull } from "./pages.ts"
import { type ExpansionRecord, type MemoryState, expansionOf } from "./state.ts"
import { readStream } from "./streams.ts"

/** Expansions over a memory state. */
export function expansions(state: MemoryState): ExpansionStore {
  return {
    leaseExpansions: (options) => Effect.sync(() => leaseExpansions(state, options)),
    renewExpansions: ({ runnerId, held, leaseSeconds }) =>
      Effect.sync(() => {
        const still = heldExpansions(state, runnerId, held).filter((it) => it.state === "open")
        for (const expansion of still) expansion.heldUntil = state.now() + leaseSeconds * 1000
        return still.map((expansion) => expansion.id)
      }),
    releaseExpansions: ({ runnerId, held }) =>
      Effect.sync(() => {
        for (const expansion of heldExpansions(state, runnerId, held)) expansion.heldBy = null
      }),
    progress: (expansionId) => Effect.sync(() => progressOf(expansionOf(state, expansionId))),
    commitPage: (options) => Effect.suspend(() => commitPage(state, options).pipe(Effect.map(progressOf))),
    delayPull: (options) => Effect.suspend(() => delayPull(state, options)),
    breakStream: (options) => Effect.suspend(() => breakStream(state, options)),
    readStream: (options) => Effect.sync(() => readStream(expansionOf(state, options.expansionId), options)),
    fold: (options) => Effect.sync(() => fold(state, options)),
    dueExpansions: ({ limit }) => Effect.sync(() => dueExpansions(state, limit)),
    decideExpansion: (options) => Effect.sync(() => decideExpansion(state, options)),
    expansionsOfRun: (dagRunId) =>
      Effect.sync(() =>
        (state.runsById.get(dagRunId)?.expansions ?? []).map((it) => viewOf(it, state.now())),
      ),
  }
}

function leaseExpansions(
  state: MemoryState,
  options: { runnerId: string; limit: number; leaseSeconds: number },
): ExpansionLease[] {
  const free = [...state.unended].filter((expansion) => isPullable(expansion, state.now()))
  const taken = free.sort((a, b) => freeSince(a) - freeSince(b) || a.order - b.order).slice(0, options.limit)
  for (const expansion of taken) {
    expansion.epoch += 1
    expansion.heldBy = options.runnerId
    expansion.heldUntil = state.now() + options.leaseSeconds * 1000
  }
  return taken.map((expansion) => leaseOf(expansion, state.now()))
}

function isPullable(expansion: ExpansionRecord, now: number): boolean {
  const { kind } = expansion.task
  if (expansion.state !== "open" || (kind !== "mapped" && kind !== "source")) return false
  return expansion.heldBy === null || expansion.heldUntil <= now
}

/** What was let go, or never held, comes before what was lost. */
function freeSince(expansion: ExpansionRecord): number {
  return expansion.heldBy === null ? 0 : expansion.heldUntil
}

function leaseOf(expansion: ExpansionRecord, now: number): ExpansionLease {
  return {
    expansionId: expansion.id,
    dagRunId: expansion.run.id,
    dagVersionId: expansion.run.dagVersionId,
    taskId: expansion.task.taskId,
    kind: expansion.task.kind === "source" ? "source" : "mapped",
    epoch: expansion.epoch,
    generation: expansion.generation,
    cursor: expansion.cursor,
    skip: expansion.resume.skip,
    pullFailures: expansion.pullFailures,
    pullAfterMs: Math.max(0, (expansion.pullAfter ?? now) - now),
  }
}

function heldExpansions(
  state: MemoryState,
  runnerId: string,
  held: readonly { expansionId: string; epoch: number }[],
): ExpansionRecord[] {
  return held.flatMap(({ expansionId, epoch }) => {
    const expansion = state.expansions.get(expansionId)
    return expansion?.epoch === epoch && expansion.heldBy === runnerId ? [expansion] : []
  })
}

function progressOf(expansion: ExpansionRecord): ExpansionProgress {
  const { mapping } = expansion.task
  return {
    state: expansion.state,
    isPullingPaused: expansion.isPullingPaused,
    window: expansion.window ?? 1,
    pageSize: expansion.pageSize ?? 1,
    pageBytesMax: mapping?.pageBytesMax ?? 0,
    maxItems: mapping?.maxItems ?? null,
    created: expansion.created,
    finished: sumOf(countsOf(expansion)),
    consumed: consumedOf(expansion),
  }
}
