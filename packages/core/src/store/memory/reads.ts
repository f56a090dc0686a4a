import { Effect } from "effect"
import { NotFound } from "../errors.ts"
import type { ReadStore } from "../read-store.ts"
import { instanceByKey, listTaskInstances, xcomOf } from "./instances.ts"
import { readLogs } from "./logs.ts"
import { type MemoryState, expansionOf } from "./state.ts"

/** Reads over a memory state. */
export function reads(state: MemoryState): ReadStore {
  return {
    listTaskInstances: (options) =>
      Effect.sync(() => listTaskInstances(expansionOf(state, options.expansionId), options)),
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
