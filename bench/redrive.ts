/**
 * Instances that are run again go many at a time: a redrive of 10,000 that failed runs at a tenth or more of what the map
 * itself ran at, and one in a hundred of as many instances costs no page of its own.
 *
 * Each instance that is chosen by its number fails its first try, which is its last; the redrive is timed from when it is asked for
 * to the end of the run.
 */
import { Effect } from "effect"
import { redrive } from "@sluice/core/engine"
import { openStore } from "@sluice/postgres"
import { type BenchContext, format } from "./harness/bench.ts"
import { type Control, openControl } from "./harness/control.ts"
import { startEngine } from "./harness/engine.ts"

const itemsDefault = 10_000
const smokeItems = 1_000
/** Of how many instances one fails, in the second part. */
const sparseEvery = 100
const sparseTimes = 5
/** The share of the map's own pace that a redrive of all its instances keeps. */
const shareMin = 0.1
const taskId = "failing_first"

export const name = "redrive"
export const claim = `a redrive of ${itemsDefault.toLocaleString("en")} failed instances runs at ${shareMin} or more of the pace of the map itself`

/** Runs the bench. */
export async function run(context: BenchContext): Promise<void> {
  const items = context.items ?? (context.isSmoke ? smokeItems : itemsDefault)
  const url = await context.server.createDatabase("redrive")
  const engine = startEngine(context.server, url)
  const control = openControl(url)
  try {
    await engine.run({ dagId: "flat", conf: { items: smokeItems } })
    await timed(context, { url, control, items: smokeItems, every: 1, runId: "warm" })
    const all = await timed(context, { url, control, items, every: 1, runId: "all" })
    await timed(context, { url, control, items: items * sparseTimes, every: sparseEvery, runId: "sparse" })
    context.hold({ figure: "pace of the redrive against the map's", value: all, atLeast: shareMin })
  } finally {
    await control.close()
    await engine.stop()
  }
}

/** Lets a map fail, runs what failed again, and gives the pace of that against the pace before. */
async function timed(
  context: BenchContext,
  asked: { url: string; control: Control; items: number; every: number; runId: string },
): Promise<number> {
  const { url, control, items, every, runId } = asked
  const startedAt = performance.now()
  const run = await control.start("failing", runId, { items, every })
  await control.untilEnded(run)
  const firstMs = performance.now() - startedAt
  const { store, close } = openStore({ url, applicationName: "sluice bench redrive" })
  const begunAt = performance.now()
  const report = await Effect.runPromise(
    redrive(store, {
      ...{ dagRunId: run.id, taskId, select: { states: ["failed"] }, downstream: false, isDryRun: false },
      ...{ actor: "bench", event: "redriven" },
    }),
  )
  const askedMs = performance.now() - begunAt
  const { state } = await control.untilEnded(run)
  const ms = performance.now() - begunAt
  await close()
  if (state !== "success" || report.selected !== Math.ceil(items / every))
    throw new Error(`the redriven run is ${state}, with ${report.selected} instances`)
  const pace = report.selected / ms
  context.say(
    `  ${runId}: ${format(report.selected)} of ${format(items)} redriven in ${format(ms)} ms (asked for ${format(askedMs)} ms), ` +
      `${format(pace * 1_000)}/s; the map itself ${format((items / firstMs) * 1_000)}/s`,
  )
  context.record({ part: runId, items, redriven: report.selected, firstMs, askedMs, ms })
  return pace / (items / firstMs)
}
