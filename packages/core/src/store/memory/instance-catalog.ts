import { Effect } from "effect"
import type { TaskInstanceState } from "../../state/task-instance.ts"
import type { CatalogStore, InstanceRange, XComEntry } from "../catalog-store.ts"
import type { TaskInstanceView } from "../read-store.ts"
import { compareKeys, fitsPatterns, sliceOf } from "./filters.ts"
import { listTaskInstances } from "./instances.ts"
import { type ExpansionRecord, type MemoryState, dateOf, expansionOf } from "./state.ts"

type InstanceCatalog = Pick<CatalogStore, "countInstances" | "instancesAt" | "listXComs">

/** Lists of instances, across expansions, and of what they left. */
export function instanceCatalog(state: MemoryState): InstanceCatalog {
  return {
    countInstances: ({ expansionIds, states }) =>
      Effect.sync(() =>
        expansionIds.flatMap((expansionId) => {
          const count = inStates(expansionOf(state, expansionId), states).length
          return count === 0 ? [] : [{ expansionId, count }]
        }),
      ),
    instancesAt: ({ ranges, states }) =>
      Effect.sync(() => ranges.flatMap((range) => instancesOf(state, range, states))),
    listXComs: ({ expansionId, mapIndex, keyPatterns, skip, limit }) =>
      Effect.sync(() => {
        const entries = xcomsOf(expansionOf(state, expansionId))
          .filter((entry) => mapIndex === null || entry.mapIndex === mapIndex)
          .filter((entry) => fitsPatterns(entry.key, keyPatterns))
          .sort((a, b) => compareKeys([a.mapIndex, a.key], [b.mapIndex, b.key], []))
        return sliceOf(entries, { skip, limit })
      }),
  }
}

function inStates(
  expansion: ExpansionRecord,
  states: readonly TaskInstanceState[] | null,
): readonly TaskInstanceView[] {
  const asked = states === null ? {} : { states }
  return listTaskInstances(expansion, {
    expansionId: expansion.id,
    afterIndex: -2,
    limit: Infinity,
    ...asked,
  })
}

function instancesOf(
  state: MemoryState,
  { expansionId, skip, limit }: InstanceRange,
  states: readonly TaskInstanceState[] | null,
): readonly TaskInstanceView[] {
  return inStates(expansionOf(state, expansionId), states).slice(skip, skip + limit)
}

function xcomsOf(expansion: ExpansionRecord): XComEntry[] {
  const results = [...expansion.rows]
    .filter(([, row]) => row.state === "success" && row.value !== null)
    .map(([mapIndex]) => ({ mapIndex, key: "return_value" }))
  const pushed = [...expansion.xcoms.keys()].map((name) => {
    const slash = name.indexOf("/")
    return { mapIndex: Number(name.slice(0, slash)), key: name.slice(slash + 1) }
  })
  return [...results, ...pushed].map((entry) => ({
    ...entry,
    at: dateOf(expansion.rows.get(entry.mapIndex)?.endedAt ?? null),
  }))
}
