import { Effect } from "effect"
import { NotFound } from "../errors.ts"
import { pagesAtMax, type PageView, type ReadStore } from "../read-store.ts"
import { instanceByKey, listTaskInstances, xcomOf } from "./instances.ts"
import { readLogs } from "./logs.ts"
import { pageAt } from "./page-at.ts"
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
    pagesAt: ({ expansionId, indexes }) =>
      Effect.sync(() => {
        const expansion = expansionOf(state, expansionId)
        const found = new Set(indexes.slice(0, pagesAtMax).map((index) => pageAt(expansion, index)))
        return [...found]
          .filter((page) => page !== undefined)
          .sort((a, b) => a.firstIndex - b.firstIndex)
          .map((page) => toPageView(page, expansion.unfolded))
      }),
    itemAt: ({ expansionId, mapIndex }) =>
      Effect.suspend(() => {
        const page = pageAt(expansionOf(state, expansionId), mapIndex)
        const item = page?.items?.[mapIndex - page.firstIndex]
        return item == null
          ? Effect.fail(new NotFound({ what: "item", id: `${expansionId}[${mapIndex}]` }))
          : Effect.succeed(item)
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
    foldedAt: unfolded.has(page) ? null : dateOf(page.foldedAt),
  }
}
