/**
 * A run with 100,000 outstanding instances is cancelled in under a second, and what runs hears of it within another.
 *
 * Two workers hold leases of instances that wait for their abort signal; the others lie open in their pages. In the second
 * part all have failed once and wait for their next try, each with a row of its own: some are put out of the way at once, the
 * others afterwards, some thousand at a time.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { begunFile, toldFile } from "./dags/until-told.ts"
import { type BenchContext, format } from "./harness/bench.ts"
import { type Control, openControl } from "./harness/control.ts"
import { startEngine } from "./harness/engine.ts"
import { median } from "./harness/statistics.ts"

const itemsDefault = 100_000
const smokeItems = 5_000
const workers = 2
/** Instances that two workers run at once. */
const runningMax = 128
const turns = 5
const msMax = 1_000
/** A row for each lease and page; a thousand instances share a page. */
const rowsPerItemMax = 0.02
const lookEveryMs = 5
const waitMsMax = 30_000
const warmUpItems = 1_000

export const name = "cancel"
export const claim = `100,000 outstanding instances are cancelled within ${msMax} ms, and what runs hears of it within another`

/** Runs the bench. */
export async function run(context: BenchContext): Promise<void> {
  const items = context.items ?? (context.isSmoke ? smokeItems : itemsDefault)
  const url = await context.server.createDatabase("cancel")
  const engine = startEngine(context.server, url, { workers })
  const control = openControl(url)
  try {
    await engine.run({ dagId: "flat", conf: { items: warmUpItems } })
    await held(context, control, items)
    await retrying(context, control, items)
  } finally {
    await control.close()
    await engine.stop()
  }
}

/** What one cancel took. */
interface Cancelled {
  /** Until the database says that the run has failed. */
  readonly failedMs: number
  readonly statements: number
  readonly rows: number
}

/** Some are running, most are still in their pages. */
async function held(context: BenchContext, control: Control, items: number): Promise<void> {
  const seen: (Cancelled & { toldMs: number; running: number })[] = []
  for (let turn = 0; turn < (context.isSmoke ? 1 : turns); turn++) {
    const folder = mkdtempSync(join(tmpdir(), "sluice-bench-cancel-"))
    const run = await control.start("stuck", `stuck-${turn}`, { items, folder })
    await control.untilMap(run, (map) => map.created === items && map.exhausted)
    const running = await untilFull(folder, Math.min(items, runningMax))
    await context.server.checkpoint()
    const startedAt = Date.now()
    const cancelled = await cancel(control, run)
    const told = await untilTold(folder, running)
    const { endedAt, state } = await control.untilEnded(run)
    if (endedAt === null || state !== "failed") throw new Error(`the cancelled run is ${state}`)
    seen.push({ ...cancelled, running, toldMs: Math.max(...told) - startedAt })
    rmSync(folder, { recursive: true })
  }
  const worst = Math.max(...seen.map((one) => one.failedMs))
  const toldMs = Math.max(...seen.map((one) => one.toldMs))
  const [first] = seen
  if (first === undefined) return
  context.say(
    `  ${format(items)} outstanding, ${first.running} of them running: failed after ${format(median(seen.map((one) => one.failedMs)))} ms ` +
      `(at most ${format(worst)}), all running code told after ${format(toldMs)} ms, ${first.statements} statement, ${first.rows} rows`,
  )
  for (const one of seen) context.record({ kind: "held", items, ...one })
  context.hold({ figure: "ms until the run has failed", value: worst, atMost: msMax })
  context.hold({ figure: "ms until all running code was told", value: toldMs, atMost: msMax })
  context.hold({
    figure: "rows written an instance",
    value: first.rows / items,
    atMost: rowsPerItemMax,
    always: true,
  })
  context.hold({ figure: "statements of a cancel", value: first.statements, atMost: 1, always: true })
}

/** All wait for their next try: an offer each. Those that the cancel leaves are swept. */
async function retrying(context: BenchContext, control: Control, items: number): Promise<void> {
  const run = await control.start("retrying", "retrying", { items })
  await control.untilMap(run, (map) => map.retrying === items)
  await context.server.checkpoint()
  const startedAt = performance.now()
  const cancelled = await cancel(control, run)
  await untilParked(control, run)
  const parkedMs = performance.now() - startedAt
  context.say(
    `  ${format(items)} waiting for a retry: failed after ${format(cancelled.failedMs)} ms, ${cancelled.statements} statement, ` +
      `${cancelled.rows} rows; all parked after ${format(parkedMs)} ms`,
  )
  context.record({ kind: "retrying", items, ...cancelled, parkedMs })
  context.hold({
    figure: "rows written an instance, retries waiting",
    value: cancelled.rows / items,
    atMost: context.isSmoke ? 1 : rowsPerItemMax,
    always: true,
  })
  context.hold({
    figure: "ms until it has failed, retries waiting",
    value: cancelled.failedMs,
    atMost: msMax,
  })
}

/** Waits until no retry of a run is in the way of claims. */
async function untilParked({ client }: Control, { id }: Parameters<Control["cancel"]>[0]): Promise<void> {
  for (;;) {
    const [row] = await client.run(
      "parked",
      (sql) => sql<{ isParked: boolean }[]>`
        select not exists (
          select from offer
          where expansion_id between ${id}::bigint * 4096 and ${id}::bigint * 4096 + 4095 and not is_parked
        ) as is_parked
      `,
    )
    if (row?.isParked === true) return
    await sleep(lookEveryMs)
  }
}

async function cancel(control: Control, run: Parameters<Control["cancel"]>[0]): Promise<Cancelled> {
  const startedAt = performance.now()
  const statements = await control.cancel(run)
  const failedMs = performance.now() - startedAt
  const rows = await control.rowsWrittenWith(run)
  return { failedMs, statements, rows: Object.values(rows).reduce((sum, count) => sum + count, 0) }
}

/** Waits until so many instances have begun. */
async function untilFull(folder: string, running: number): Promise<number> {
  const begun = await until(() => {
    const count = readIf(join(folder, begunFile)).length
    return count >= running ? count : undefined
  }, `${running} instances run`)
  return begun
}

/** When each running instance was told. */
function untilTold(folder: string, running: number): Promise<number[]> {
  return until(() => {
    const lines = readIf(join(folder, toldFile)).split("\n").slice(0, -1)
    return lines.length >= running ? lines.map(Number) : undefined
  }, `${running} instances were told`)
}

async function until<A>(ask: () => A | undefined, what: string): Promise<A> {
  for (
    const startedAt = performance.now();
    performance.now() - startedAt < waitMsMax;
    await sleep(lookEveryMs)
  ) {
    const answer = ask()
    if (answer !== undefined) return answer
  }
  throw new Error(`not within ${waitMsMax / 1_000} s: ${what}`)
}

function readIf(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
