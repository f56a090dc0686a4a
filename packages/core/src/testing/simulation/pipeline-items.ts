import type { PipelineSpec } from "./dag-spec.ts"
import { pipelineFunctions } from "./user-code.ts"

const gapBrand = Symbol("gap")

/** The place of an item that an upstream did not leave. */
export interface PlaceGap {
  readonly [gapBrand]: true
  readonly gap: "upstream_failed" | "skipped"
}

/** Makes the place of an item that was not left. */
export function gapIn(gap: PlaceGap["gap"]): PlaceGap {
  return { [gapBrand]: true, gap }
}

/** Says whether an item is a gap. */
export function isPlaceGap(item: unknown): item is PlaceGap {
  return typeof item === "object" && item !== null && gapBrand in item
}

/** Computes with plain arrays what a pipeline gives, gaps included. */
export function pipelineItems(spec: PipelineSpec, itemsOf: (id: string) => readonly unknown[]): unknown[] {
  if (spec.op === "stream") return [...itemsOf(spec.id)]
  if ("count" in spec) return unary(spec.op, spec.count, pipelineItems(spec.of, itemsOf))
  const sides = spec.of.map((part) => pipelineItems(part, itemsOf))
  return spec.op === "zip" ? zipped(sides) : sides.flat()
}

function unary(
  op: Exclude<PipelineSpec["op"], "stream" | "zip" | "concat">,
  count: number,
  items: unknown[],
): unknown[] {
  switch (op) {
    case "map":
      return items.map((item) => (isPlaceGap(item) ? item : pipelineFunctions.map(item)))
    case "filter":
      return items.filter((item) => isPlaceGap(item) || pipelineFunctions.filter(count)(item))
    case "takeWhile": {
      const end = items.findIndex((item) => !isPlaceGap(item) && !pipelineFunctions.takeWhile(count)(item))
      return end === -1 ? items : items.slice(0, end)
    }
    case "flatMap":
      return items.flatMap((item) => (isPlaceGap(item) ? [item] : pipelineFunctions.flatMap(count)(item)))
    case "enumerate":
      return items.map((item, index) => (isPlaceGap(item) ? item : [index, item]))
    case "take":
      return items.slice(0, count)
    case "drop":
      return items.slice(count)
    case "chunk":
      return chunked(items, count + 1)
  }
}

function chunked(items: unknown[], size: number): unknown[] {
  const chunks: unknown[] = []
  for (let at = 0; at < items.length; at += size) {
    const part = items.slice(at, at + size)
    chunks.push(worstGap(part) ?? part)
  }
  return chunks
}

function zipped(sides: unknown[][]): unknown[] {
  const length = Math.min(...sides.map((side) => side.length))
  return Array.from({ length }, (_, index) => {
    const values = sides.map((side) => side[index])
    return worstGap(values) ?? values
  })
}

function worstGap(items: readonly unknown[]): PlaceGap | undefined {
  const gaps = items.filter(isPlaceGap)
  return gaps.find(({ gap }) => gap === "upstream_failed") ?? gaps[0]
}
