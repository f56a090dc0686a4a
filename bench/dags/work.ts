/**
 * The work that benches do: the same items and the same functions for a DAG, for the hand-written loop, and for a list.
 */
import { setTimeout as sleep } from "node:timers/promises"

/** One item of the source. */
export interface Item {
  readonly n: number
  readonly name: string
}

/** How much work there is, given to a run as its conf. */
export interface Amount {
  readonly items: number
  /** How long the source waits for each page. */
  readonly pageLatencyMs?: number
  /** How long each item's task waits. */
  readonly itemMs?: number
}

/** Makes the items `from … to - 1`. */
export function makeItems(from: number, to: number): Item[] {
  return Array.from({ length: to - from }, (_, i) => ({ n: from + i, name: `item ${from + i}` }))
}

/** Reads the source page by page, from `start` on. */
export async function* readPages(options: { amount: Amount; pageSize: number; start: number }) {
  const { amount, pageSize, start } = options
  for (let from = start; from < amount.items; from += pageSize) {
    if (amount.pageLatencyMs !== undefined) await sleep(amount.pageLatencyMs)
    const to = Math.min(amount.items, from + pageSize)
    yield { items: makeItems(from, to), next: to < amount.items ? to : null }
  }
}

/** Does nothing with an item. */
// oxlint-disable-next-line require-await -- as task functions are
export async function doNothing(item: Item): Promise<{ n: number }> {
  return { n: item.n }
}

/** Waits, as a task that calls something would. */
export async function wait(item: Item, ms: number): Promise<{ n: number }> {
  await sleep(ms)
  return { n: item.n }
}
