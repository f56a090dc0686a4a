import { Effect } from "effect"
import type { StoreError } from "../../store/errors.ts"
import type { TaskInstanceView } from "../../store/read-store.ts"
import { type RedrivableState, redrivenMax } from "../../store/redrive-store.ts"
import type { StoreService } from "../../store/store.ts"
import { untilAvailable } from "../../store/store-retry.ts"

/** Which instances of a task are meant: all that are said of them must hold. */
export interface InstanceSelection {
  readonly states: readonly RedrivableState[]
  /** Both ends count. */
  readonly fromIndex?: number
  readonly toIndex?: number
  /** These alone; at most `redrivenMax`. */
  readonly indexes?: readonly number[]
  /** The item with this key. */
  readonly key?: string
  /** Those whose error is of this type (`TypeError`). */
  readonly errorType?: string
}

/** Some of the instances that are meant, in index order, and where to go on; `after: null`: these were the last. */
export interface SelectedChunk {
  readonly instances: readonly TaskInstanceView[]
  readonly after: number | null
}

/** Before the first index. */
export const beforeFirst = -2

/**
 * Reads the instances that are meant, from an index on, a bounded number at a time.
 *
 * Pages without an instance in these states are passed over by their counters: the cost is the pages, and the rows of
 * those that have some.
 */
export function selectInstances(
  store: StoreService,
  expansionId: string,
  selection: InstanceSelection,
  after: number,
): Effect.Effect<SelectedChunk, StoreError> {
  const { key, indexes } = selection
  if (key !== undefined) return byKey(store, expansionId, selection, key)
  if (indexes !== undefined) return byIndexes(store, expansionId, selection, indexes)
  return byRange(store, expansionId, selection, after)
}

const byRange = Effect.fnUntraced(function* (
  store: StoreService,
  expansionId: string,
  selection: InstanceSelection,
  after: number,
) {
  const { states, fromIndex, toIndex } = selection
  const afterIndex = Math.max(after, (fromIndex ?? beforeFirst + 1) - 1)
  const list = store.listTaskInstances({ expansionId, states, afterIndex, limit: redrivenMax })
  const instances = yield* untilAvailable(list)
  const last = instances.at(-1)?.mapIndex
  const isEnd =
    last === undefined || instances.length < redrivenMax || (toIndex !== undefined && last >= toIndex)
  const chunk: SelectedChunk = {
    instances: instances.filter((instance) => isMeant(instance, selection)),
    after: isEnd ? null : last,
  }
  return chunk
})

function byIndexes(
  store: StoreService,
  expansionId: string,
  selection: InstanceSelection,
  indexes: readonly number[],
): Effect.Effect<SelectedChunk, StoreError> {
  const asked = new Set(indexes)
  // The one instance of a task that is not mapped stands at its first place, and says itself that its index is -1.
  const ranges = rangesOf([...new Set(indexes.map((index) => Math.max(0, index)))]).map(
    ({ skip, limit }) => ({ expansionId, skip, limit }),
  )
  return untilAvailable(store.instancesAt({ ranges, states: null })).pipe(
    Effect.map((found) => ({
      instances: found.filter((instance) => asked.has(instance.mapIndex) && isMeant(instance, selection)),
      after: null,
    })),
  )
}

/** Indexes as ranges, of which neighbours are one. */
function rangesOf(indexes: readonly number[]): { skip: number; limit: number }[] {
  const ranges: { skip: number; limit: number }[] = []
  for (const index of indexes.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && last.skip + last.limit === index) last.limit += 1
    else ranges.push({ skip: index, limit: 1 })
  }
  return ranges
}

function byKey(
  store: StoreService,
  expansionId: string,
  selection: InstanceSelection,
  key: string,
): Effect.Effect<SelectedChunk, StoreError> {
  return untilAvailable(store.instanceByKey({ expansionId, key })).pipe(
    Effect.map((instance) => (isMeant(instance, selection) ? [instance] : [])),
    Effect.catchTag("NotFound", () => Effect.succeed([])),
    Effect.map((instances) => ({ instances, after: null })),
  )
}

/** A place that the upstream left empty has nothing to be tried with; what a stopped map has skipped has its reason. */
function isMeant(instance: TaskInstanceView, selection: InstanceSelection): boolean {
  const { states, fromIndex, toIndex, errorType } = selection
  const { mapIndex, state, tryNumber, error } = instance
  return (
    (tryNumber > 0 || (state === "skipped" && error !== null)) &&
    (states as readonly string[]).includes(state) &&
    mapIndex >= (fromIndex ?? mapIndex) &&
    mapIndex <= (toIndex ?? mapIndex) &&
    (errorType === undefined || error?.type === errorType)
  )
}
