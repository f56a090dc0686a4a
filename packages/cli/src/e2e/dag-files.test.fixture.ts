/** DAG files as users write them, good and bad. */
export const dagFiles = {
  "good.ts": `
import { dag, page, source, task } from "sluice"
const numbers = source("numbers", async function* ({ cursor = 0 }: { cursor?: number }) {
  for (let at = cursor; at < 60; at += 20)
    yield page(Array.from({ length: 20 }, (_, i) => at + i), at + 20 < 60 ? at + 20 : null)
})
const square = task("square", async (n: number, ctx) => {
  if (n === 7) ctx.log.warn("seven", { n })
  return { n, big: BigInt(n) ** 2n }
})
const sum = task("sum", async ({ all }: { all: AsyncIterable<{ big: bigint }> }, ctx) => {
  let total = 0n
  for await (const { big } of all) total += big
  ctx.xcom.push("note", { at: new Date(0) })
  return { total, who: ctx.params["who"] ?? "nobody" }
})
export default dag("squares", {}, () => sum({ all: square.iterate(numbers(), { window: 40, pageSize: 20 }) }))
`,
  "keyed.ts": `
import { dag, page, source, task } from "sluice"
const users = source("users", async function* ({ cursor = 0 }: { cursor?: number }) {
  for (let at = cursor; at < 3; at += 1)
    yield page([0, 1, 2, 3].map((n) => ({ id: "u" + (at * 2 + n) })), at + 1 < 3 ? at + 1 : null)
})
const load = task("load", async (user: { id: string }, ctx) => {
  if (user.id === "u5") throw new TypeError("no such user")
  ctx.log.info("loaded " + user.id)
  return user.id
})
export default dag("keyed", {}, () => {
  load.iterate(users(), { key: (user) => user.id, label: (user) => "User " + user.id.slice(1) })
})
`,
  "failing.ts": `
import { dag, task } from "sluice"
const odd = task("odd", async (n: number) => {
  if (n % 2 === 0) throw new TypeError(n + " is even")
  return n
})
export default dag("failing", {}, () => { odd.expand([1, 2, 3, 4]) })
`,
  "slow.ts": `
import { setTimeout as sleep } from "node:timers/promises"
import { dag, page, source, task } from "sluice"
const numbers = source("numbers", async function* ({ cursor = 0 }: { cursor?: number }) {
  for (let at = cursor; at < 40; at += 10)
    yield page(Array.from({ length: 10 }, (_, i) => at + i), at + 10 < 40 ? at + 10 : null)
})
const work = task("work", async (n: number, { signal, log }) => {
  if (n < 10) log.info("at " + n)
  if (n >= 10 && process.env["SLUICE_TASK_STUCK"] === "1") await sleep(600_000, undefined, { signal })
  return n
})
const sum = task("sum", async ({ all }: { all: AsyncIterable<number> }) => {
  let total = 0
  for await (const n of all) total += n
  return total
})
export default dag("slow", {}, () => sum({ all: work.iterate(numbers(), { window: 20, pageSize: 10 }) }))
`,
  "syntax.ts": `
import { dag } from "sluice"
const a = ;
`,
  "no-dag.ts": "export const x = 1\n",
  "same-id.ts": `
import { dag, task } from "sluice"
const t = task("t", async () => 1)
export const a = dag("same", {}, () => { t() })
export const b = dag("same", {}, () => { t() })
`,
  "two.ts": `
import { dag, task } from "sluice"
const t = task("t", async () => 1)
export const a = dag("one", {}, () => { t() })
export const b = dag("two", {}, () => { t() })
`,
  "throws.ts": `throw new RangeError("at the top level")\n`,
}
