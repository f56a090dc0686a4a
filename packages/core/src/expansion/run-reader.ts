import { Effect } from "effect"
import type { Context } from "effect"
import type { EncodedReader, ReadAssetEvent } from "../host/host-pool.ts"
import type { AssetEventRow } from "../store/asset-store.ts"
import type { StoredSlice } from "../store/expansion-store.ts"
import type { StoreService } from "../store/store.ts"
import { untilAvailable } from "../store/store-retry.ts"
import type { TaskOfRun } from "./execution-contexts.ts"

/** The most items one read gives back, however many were asked for. */
export const readItemsMax = 10_000

/** The most events of assets that one read gives back. */
const assetEventsMax = 1_000

/** Told of each slice that was read, so that a runner knows how far a page has taken its upstream. */
export type OnSlice = (taskId: string, slice: StoredSlice) => void

/** Answers a host's reads of what other tasks of its run have left, on the clock and the loggers of `services`. */
export function makeRunReader(
  store: StoreService,
  of: TaskOfRun,
  services: Context.Context<never>,
  onSlice?: OnSlice,
): EncodedReader {
  const runPromise = Effect.runPromiseWith(services)
  return {
    readStream: ({ taskId, fromIndex, ahead, limit }) =>
      runPromise(
        untilAvailable(
          store.readStream({
            expansionId: of.expansionOf(taskId),
            fromIndex,
            ...(ahead !== undefined && { ahead }),
            limit: Math.min(limit, readItemsMax),
          }),
        ).pipe(Effect.tap((slice) => Effect.sync(() => onSlice?.(taskId, slice)))),
      ),
    readXCom: ({ taskId, key = "return_value", mapIndex = -1 }) =>
      runPromise(
        untilAvailable(store.xcom({ expansionId: of.expansionOf(taskId), mapIndex, key })).pipe(
          Effect.catchTag("NotFound", () => Effect.succeed(null)),
        ),
      ),
    readAssetEvents: ({ skip, limit }) =>
      runPromise(
        untilAvailable(
          store.eventsOfRun({ dagRunId: of.dagRunId, skip, limit: Math.min(limit, assetEventsMax) }),
        ).pipe(Effect.map(({ rows }) => rows.map(toReadEvent))),
      ),
  }
}

function toReadEvent({ name, uri, at, extra, source }: AssetEventRow): ReadAssetEvent {
  return { asset: name, uri, at: at.toISOString(), extra, source }
}
