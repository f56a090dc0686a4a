import type { UnarySpec } from "./pipeline-spec.ts"

/** Gives the text of any item that the specs make, bigints included. */
export function textOf(item: unknown): string {
  return JSON.stringify(item, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value))
}

/** Gives a number for an item that looks random and is always the same. */
export function weigh(item: unknown): number {
  let hash = 7
  for (const letter of textOf(item)) hash = (hash * 31 + letter.charCodeAt(0)) % 1_000_003
  return hash
}

/** What `map` makes of an item. */
export function mapped(item: unknown): unknown {
  return { mapped: item }
}

/** Whether `filter` keeps an item. */
export function isKept(spec: UnarySpec, item: unknown): boolean {
  return weigh(item) % (spec.count + 2) !== 0
}

/** Whether `takeWhile` goes on. */
export function goesOn(spec: UnarySpec, item: unknown): boolean {
  return weigh(item) % (spec.count * 3 + 2) !== 0
}

/** What `flatMap` makes of an item. */
export function spread(spec: UnarySpec, item: unknown): unknown[] {
  return Array.from({ length: weigh(item) % (spec.count + 2) }, (_, index) => [item, index])
}
