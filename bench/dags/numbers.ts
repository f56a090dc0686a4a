/** The DAGs that benches run; how much there is to do comes with the run's conf. */
import { after, dag, loop, page, source, task, type XCom } from "sluice"
import type { TaskContext } from "sluice"
import { type Amount, doNothing, type Item, readPages, wait } from "./work.ts"
import { untilTold } from "./until-told.ts"
import { watchHeap } from "./watch-heap.ts"

const bounds = { window: 4_000, pageSize: 1_000 }
const smallBounds = { window: 1_000, pageSize: 500 }

const numbers = source(
  "numbers",
  async function* ({
    cursor = 0,
    pageSize,
    context,
  }: {
    cursor?: number
    pageSize: number
    context: { params?: unknown }
  }) {
    const amount = context.params as Amount
    for await (const { items, next } of readPages({ amount, pageSize, start: cursor })) {
      watchHeap(context.params)
      yield page(items, next)
    }
  },
)

const noop = task("noop", (item: Item) => doNothing(item))
const noopWatched = task("noop", (item: Item, ctx) => {
  if (item.n % 100 === 0) watchHeap(ctx.params)
  return doNothing(item)
})
const sleeping = task("sleeping", (item: Item, ctx) => wait(item, amountOf(ctx).itemMs ?? 0))
const waiting = task("waiting", (_item: Item, ctx) => untilTold(ctx))
const napping = task(
  "napping",
  async (_item: Item, ctx) => {
    const { waitMs } = ctx.params as { waitMs: number }
    return ctx.defer(after(waitMs), { resume: "awake" })
  },
  { resume: { awake: async (item) => ({ n: item.n }) } },
)
const failing = task("failing", () => Promise.reject(new Error("not yet")), {
  retries: 1,
  retryDelay: "4h",
  retryDelayMax: "5h",
})
const failingFirst = task("failing_first", async (item: Item, ctx) => {
  const { every } = ctx.params as { every: number }
  if (ctx.tryNumber === 1 && item.n % every === 0) throw new Error("not yet")
  return doNothing(item)
})
const list = task("list", async (_: void, ctx: TaskContext) => {
  const all: Item[] = []
  const amount = amountOf(ctx)
  for await (const { items } of readPages({ amount, pageSize: bounds.pageSize, start: 0 })) all.push(...items)
  watchHeap(ctx.params)
  return all
})

/** A no-op over the source, lazily. */
export const flat = dag("flat", {}, () => {
  noop.iterate(numbers(), bounds)
})

/** The same with the bounds that a small API would have. */
export const small = dag("small", {}, () => {
  noop.iterate(numbers(), smallBounds)
})

/** The same, noting how much heap its hosts use. */
export const watched = dag("watched", {}, () => {
  noopWatched.iterate(numbers(), bounds)
})

/** Items that take a while. */
export const slow = dag("slow", {}, () => {
  sleeping.iterate(numbers(), bounds)
})

/** The same in a DAG of its own, beside the many runs of the other. */
export const lone = dag("lone", {}, () => {
  sleeping.iterate(numbers(), bounds)
})

/** Items that end only when they are told to: each notes when it began, and when it heard. */
export const stuck = dag("stuck", {}, () => {
  waiting.iterate(numbers(), { window: 100_000, pageSize: 1_000 })
})

/** Items that wait without a slot. */
export const patient = dag("patient", {}, () => {
  napping.iterate(numbers(), { window: 10_000, pageSize: 1_000 })
})

/** Items that all fail at first, and then wait for hours until they are tried again. */
export const retrying = dag("retrying", {}, () => {
  failing.iterate(numbers(), { window: 100_000, pageSize: 1_000 })
})

/** Items of which some fail, until they are run again by hand. */
export const failingOnce = dag("failing", {}, () => {
  failingFirst.iterate(numbers(), bounds)
})

/** The whole list first, then a no-op over it. */
export const eager = dag("eager", {}, () => {
  noopWatched.expand(list(), bounds)
})

function amountOf(ctx: TaskContext): Amount {
  return ctx.params as unknown as Amount
}

/** Counts to the number of items, one an iteration. */
export const counting = dag("counting", { params: { items: 1 } }, () => {
  const inc = task("inc", async ({ n }: { n: number; items: number }, ctx) => ({
    n: n + 1,
    items: amountOf(ctx).items,
  }))
  const count = loop("count", (count: XCom<{ n: number; items: number }>) => inc(count), {
    until: ({ n, items }) => n >= items,
    maxIterations: 1_000_000,
  })
  count({ n: 0, items: 0 })
})
