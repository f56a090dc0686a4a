import { Gap, isGap } from "../../stream/gap.ts"
import { goesOn, isKept, mapped, spread } from "./pipeline-functions.ts"
import type { CrossSpec, PipelineSpec, SourceSpec, UnarySpec } from "./pipeline-spec.ts"

/** How the items of the sources look: strings, or objects that JSON cannot hold. */
export type ItemStyle = "plain" | "rich"

/** Gives the item at one place of a source; it says where it comes from, so no two are equal. */
export function sourceItem(path: string, index: number, style: ItemStyle): unknown {
  const id = `<${path}#${index}>`
  return style === "plain" ? id : { id, size: BigInt(index) }
}

/** Gives the pages of a source with its items in place. */
export function sourcePages(spec: SourceSpec, path: string, style: ItemStyle): unknown[][] {
  let index = 0
  return spec.pages.map((places) =>
    places.map((place) => {
      const item = sourceItem(path, index, style)
      index++
      return place === "item" ? item : new Gap(place)
    }),
  )
}

/** Gives the lists of a cross product, by key. */
export function crossLists(spec: CrossSpec, path: string, style: ItemStyle): Record<string, unknown[]> {
  return Object.fromEntries(
    spec.lengths.map((length, side) => [
      `side${side}`,
      Array.from({ length }, (_, index) => sourceItem(`${path}.${side}`, index, style)),
    ]),
  )
}

/** Computes with plain arrays what a pipeline must give, gaps included. */
export function modelItems(spec: PipelineSpec, path: string, style: ItemStyle): unknown[] {
  switch (spec.op) {
    case "source": {
      const items = sourcePages(spec, path, style).flat()
      return spec.form === "piped" || spec.form === "xcom" ? items.filter((item) => !isGap(item)) : items
    }
    case "cross":
      return crossed(Object.entries(crossLists(spec, path, style)))
    case "zip":
    case "zipObject":
      return zipped(
        spec.of.map((part, side) => modelItems(part, `${path}.${side}`, style)),
        spec.op === "zipObject",
      )
    case "concat":
      return spec.of.flatMap((part, turn) => modelItems(part, `${path}.${turn}`, style))
    default:
      return unary(spec, modelItems(spec.of, `${path}.0`, style))
  }
}

function unary(spec: UnarySpec, items: unknown[]): unknown[] {
  switch (spec.op) {
    case "map":
      return items.map((item) => (isGap(item) ? item : mapped(item)))
    case "filter":
      return items.filter((item) => isGap(item) || isKept(spec, item))
    case "take":
      return items.slice(0, spec.count)
    case "drop":
      return items.slice(spec.count)
    case "takeWhile": {
      const end = items.findIndex((item) => !isGap(item) && !goesOn(spec, item))
      return end === -1 ? items : items.slice(0, end)
    }
    case "chunk":
      return chunked(items, spec.count + 1)
    case "enumerate":
      return items.map((item, index) => (isGap(item) ? item : [index, item]))
    case "flatMap":
      return items.flatMap((item) => (isGap(item) ? [item] : spread(spec, item)))
    default:
      return items
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

function zipped(sides: unknown[][], isObject: boolean): unknown[] {
  const length = Math.min(...sides.map((side) => side.length))
  return Array.from({ length }, (_, index) => {
    const values = sides.map((side) => side[index])
    const whole = isObject ? Object.fromEntries(values.map((value, side) => [`side${side}`, value])) : values
    return worstGap(values) ?? whole
  })
}

function crossed(lists: [string, unknown[]][]): unknown[] {
  let rows: Record<string, unknown>[] = [{}]
  for (const [key, list] of lists) rows = rows.flatMap((row) => list.map((item) => ({ ...row, [key]: item })))
  return rows
}

function worstGap(items: unknown[]): Gap | undefined {
  const gaps = items.filter((item) => isGap(item))
  return gaps.find((gap) => gap.state === "upstream_failed") ?? gaps[0]
}
