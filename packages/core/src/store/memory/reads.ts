import { Effect } from "effect"
import { NotFound } from "../errors.ts"
import type { PageView, ReadStore } from "../read-store.ts"
import { instanceByKey, listTaskInstances, xcomOf } from "./instances.ts"
import { readLogs } from "./logs.ts"
import { type MemoryState, type PageRecord, dateOf, expansionOf } from "./state.ts"

/** Reads over a memory state. */
export function reads(state: MemoryState): ReadStore {
  return {
    listTaskInstances: (options) =>
      Effect.sync(() => listTaskInstances(expansionOf(state, options.expansionId), options)),
    listPages: ({ expansionId, after, limit, isOpenOnly = false }) =>
      Effect.sync(() => {
        const { pages, unfolded } = expansionOf(state, expansionId)
        return pages
          .filter((page) => page.firstIndex > after && (!isOpenOnly || unfolded.has(page)))
          .slice(0, limit)
          .map((page) => toPageView(page, unfolded))
      }),
    instanceByKey: ({ expansionId, key }) =>
      Effect.suspend(() => {
        const instance = instanceByKey(expansionOf(state, expansionId), key)
        return instance === undefined
          ? Effect.fail(new NotFound({ what: "key", id: key }))
          : Effect.succeed(instance)
      }),
    xcom: ({ expansionId, mapIndex, key }) =>
      Effect.suspend(() => {
        const value = xcomOf(expansionOf(state, expansionId), mapIndex, key)
        return value === undefined
          ? Effect.fail(new NotFound({ what: "xcom", id: `${expansionId}/${mapIndex}/${key}` }))
          : Effect.succeed(value)
      }),
    taskTries: ({ expansionId, mapIndex }) =>
      Effect.sync(() => [...(expansionOf(state, expansionId).tries.get(mapIndex) ?? [])]),
    readLogs: (options) => Effect.sync(() => readLogs(state, options)),
  }
}

function toPageView(page: PageRecord, unfolded: ReadonlySet<PageRecord>): PageView {
  return {
    firstIndex: page.firstIndex,
    count: page.count,
    claimed: page.claimed,
    ...page.counts,
    isFolded: !unfolded.has(page),
    createdAt: new Date(page.createdAt),
    firstSuccessAt: dateOf(page.firstEndedAt),
  }
}
