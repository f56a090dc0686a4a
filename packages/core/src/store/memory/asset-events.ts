import type { JsonObject } from "../../dag/json-object.ts"
import type { AssetEventFilter, AssetEventRow } from "../asset-store.ts"
import { isWithin } from "./filters.ts"
import { type AssetEventRecord, type ExpansionRecord, type MemoryState, dateOf, nextNumber } from "./state.ts"

/** Stores an event: of an instance, of a whole task or map (index -1), or from outside. */
export function addAssetEvent(
  state: MemoryState,
  asset: string,
  options: { extra: JsonObject; of: ExpansionRecord | null; mapIndex: number },
): AssetEventRecord {
  const { extra, of, mapIndex } = options
  const source =
    of === null ? null : { dagId: of.run.dagId, runId: of.run.runId, taskId: of.task.taskId, mapIndex }
  const event = { id: String(nextNumber(state)), asset, at: state.now(), extra, source, runs: [] }
  state.assetEvents.push(event)
  return event
}

/** An event as it is read. */
export function toEventRow(state: MemoryState, event: AssetEventRecord): AssetEventRow {
  const asset = state.assets.get(event.asset)
  if (asset === undefined) throw new Error(`no asset is named ${event.asset}`)
  const { id: assetId, name, uri, group } = asset
  const { id, extra, source } = event
  return { id, assetId, name, uri, group, at: dateOf(event.at), extra, source }
}

/** Whether an event is meant. */
export function fitsEvent(row: AssetEventRow, filter: AssetEventFilter): boolean {
  const { assetId, dagId, runId, taskId, mapIndex, at } = filter
  return (
    (assetId === undefined || row.assetId === assetId) &&
    (dagId === undefined || row.source?.dagId === dagId) &&
    (runId === undefined || row.source?.runId === runId) &&
    (taskId === undefined || row.source?.taskId === taskId) &&
    (mapIndex === undefined || row.source?.mapIndex === mapIndex) &&
    isWithin(row.at, at)
  )
}
