import type { ExpansionView } from "@sluice/core/store"
import type { FailureTolerance } from "@sluice/core/state"
import { endedCount } from "./history.ts"
import { count } from "./numbers.ts"
import { type Column, tableLines } from "./table.ts"
import { windowUse } from "./waiting.ts"

/** Whether a task is one that `sluice maps` can steer: it has instances of a stream, or is a source of its own. */
export function isMap({ kind }: ExpansionView): boolean {
  return kind === "mapped" || kind === "source"
}

/** The maps of a run, a line each. */
export function mapLines(maps: readonly ExpansionView[]): string[] {
  return tableLines(columns, maps)
}

const columns: readonly Column<ExpansionView>[] = [
  { title: "map", cell: (map) => map.taskId },
  { title: "state", cell: stateText },
  { title: "created", align: "right", cell: (map) => count(map.created) },
  { title: "ended", align: "right", cell: (map) => count(endedCount(map)) },
  { title: "failed", align: "right", cell: (map) => count(map.failed) },
  { title: "running", align: "right", cell: (map) => count(map.running) },
  { title: "window", align: "right", cell: windowText },
  { title: "page", align: "right", cell: (map) => limitText(map.pageSize) },
  { title: "concurrency", align: "right", cell: (map) => limitText(map.concurrency) },
  { title: "tolerated", align: "right", cell: (map) => toleranceText(map.toleratedFailures) },
  { title: "", cell: (map) => map.stopReason?.message ?? "" },
]

/** One map, all there is to say of it, a line each. */
export function mapDetails(map: ExpansionView): string[] {
  const facts: [string, string][] = [
    ["map", map.taskId],
    ["state", stateText(map)],
    ["stopped", map.stopReason === null ? "no" : `${map.stopReason.type}: ${map.stopReason.message}`],
    ["created", count(map.created)],
    ["success", count(map.success)],
    ["failed", count(map.failed)],
    ["skipped", count(map.skipped)],
    ["upstream failed", count(map.upstreamFailed)],
    ["running", count(map.running)],
    ["waiting to retry", count(map.retrying)],
    ["deferred", count(map.deferred)],
    ["window", windowText(map)],
    ["page size", limitText(map.pageSize)],
    ["concurrency", limitText(map.concurrency)],
    ["tolerated failures", toleranceText(map.toleratedFailures)],
    ["stream", streamText(map)],
  ]
  const width = Math.max(...facts.map(([name]) => name.length))
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

function stateText({ state, isPullingPaused, isRunningPaused }: ExpansionView): string {
  if (isPullingPaused && isRunningPaused) return `${state}, paused`
  if (isPullingPaused) return `${state}, pulling paused`
  return isRunningPaused ? `${state}, running paused` : state
}

/** How far the stream was read, and how it ended. */
function streamText({ exhausted, pulls, stopReason, streamError, state }: ExpansionView): string {
  const pages = pulls === 1 ? "1 page" : `${count(pulls)} pages`
  if (stopReason !== null) return `closed after ${pages}, since the map was stopped`
  if (exhausted && streamError !== null) return `broke after ${pages}: ${streamError.message}`
  if (exhausted) return `read to its end, ${pages}`
  return state === "cancelled" ? `closed after ${pages}` : `${pages} read so far`
}

function windowText(map: ExpansionView): string {
  const use = windowUse(map)
  return use === null ? "" : `${count(use.held)}/${count(use.size)}`
}

function limitText(limit: number | null): string {
  return limit === null ? "none" : count(limit)
}

/** How many failures a map goes on with: `5`, `10% of 100 and more`, or both. */
export function toleranceText(tolerance: FailureTolerance | null): string {
  if (tolerance === null) return "any"
  const { count: most, ratio, minSample } = tolerance
  const share = ratio === null ? [] : [`${Number((ratio * 100).toFixed(4))}% of ${count(minSample)} and more`]
  return [...(most === null ? [] : [count(most)]), ...share].join(" or ")
}
