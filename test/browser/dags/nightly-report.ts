import { setTimeout as delay } from "node:timers/promises"
import { dag, task } from "sluice"

const short = async (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal })

/** A diamond of plain tasks on a schedule. */
export default dag(
  "nightly_report",
  {
    description: "Extracts, checks, renders and mails the figures of the day",
    schedule: "0 3 * * *",
    startDate: "2026-01-01T00:00:00Z",
    catchup: false,
    tags: ["report"],
  },
  () => {
    const extract = task("extract", async (_: void, ctx) => {
      await short(120, ctx.signal)
      return { rows: 1_204 }
    })()
    const check = task("check", async ({ rows }: { rows: { rows: number } }, ctx) => {
      await short(80, ctx.signal)
      ctx.log.info("rows are plausible", rows)
      return true
    })({ rows: extract })
    const render = task("render", async ({ rows }: { rows: { rows: number } }, ctx) => {
      await short(200, ctx.signal)
      return `${rows.rows} rows`
    })({ rows: extract })
    task("mail", async ({ text }: { ok: boolean; text: string }, ctx) => {
      ctx.log.info(`sent: ${text}`)
      return null
    })({ ok: check, text: render })
  },
)
