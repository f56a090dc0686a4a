import { setTimeout as delay } from "node:timers/promises"
import { dag, source, task } from "sluice"

/** How many items a page has. */
const pageItems = 5_000

/** Counts as fast as it is read to a number, and from there on one page at a time for as long as it is told. */
const numbers = source("numbers", {
  start: 0,
  pull: async (at: number, { context, signal }) => {
    const fast = Number(context.params?.["fast"] ?? 1_000_000)
    const slow = Number(context.params?.["slow_pages"] ?? 0)
    const slowItems = 50
    const end = fast + slow * slowItems
    if (at >= fast) await delay(500, undefined, { signal })
    const size = at < fast ? Math.min(pageItems, fast - at) : slowItems
    const items = Array.from({ length: Math.min(size, end - at) }, (_, place) => at + place)
    return { items, next: at + items.length < end ? at + items.length : null }
  },
})

/** A map of a million: what a page that shows it is measured with. */
export default dag(
  "million",
  {
    description: "Counts to a million, then on, slowly",
    tags: ["large"],
    params: { fast: 1_000_000, slow_pages: 0 },
  },
  () => {
    const square = task("square", async (n: number, ctx) => {
      if (n % 50_000 === 49_999 && ctx.params["fast"] !== 0) throw new RangeError(`${n} is unlucky`)
      return n * 2
    })
    square.iterate(numbers(), { window: 50_000, pageSize: pageItems })
  },
)
