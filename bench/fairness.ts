/**
 * A map of 10 that starts while a map of a million runs ends within a few leases of the big one.
 *
 * Small runs start one after another in the middle of a big one; each is compared with the same run on an idle engine. What
 * of the big map was claimed meanwhile is noted by a trigger on the leases, in the bench's own database. First the big map's items do nothing, so that leases are large and short; then they take 5 ms and fill every slot.
 *
 * Last, a DAG with one run beside a DAG with many, of the same items: both should have done as many in the same time.
 */
import { setTimeout as sleep } from "node:timers/promises"
import type { DagRunRow } from "@sluice/core/store"
import { type BenchContext, format } from "./harness/bench.ts"
import { type Control, openControl } from "./harness/control.ts"
import { startEngine } from "./harness/engine.ts"
import { median } from "./harness/statistics.ts"

const itemsDefault = 1_000_000
const smokeItems = 50_000
const smallItems = 10
const smallRuns = 10
/** The big map is under way when this part of it has been claimed. */
const underWay = 0.05
/** How far apart small runs start, so that each meets the big one at another moment. */
const apartMs = 100
/** A lease takes about 0.2 s; each lane of the worker may have just begun one. */
const leasesMax = 16
const itemMs = 5
const warmUpItems = 20_000
const rivals = 8
/** What the one run should have done of all that is done, where half is its due. */
const shareMin = 0.4
/** Of what each of the rivals has to do, when the shares are looked at. */
const shareAt = 0.5
const shareItems = 20_000
const smokeShareItems = 2_000

export const name = "fairness"
export const claim = `a map of ${smallItems} beside a map of a million ends within ${leasesMax} leases of it; a DAG of one run beside a DAG of ${rivals} gets ≥ ${shareMin} of the worker`

/** Runs the bench. */
export async function run(context: BenchContext): Promise<void> {
  const items = context.items ?? (context.isSmoke ? smokeItems : itemsDefault)
  const url = await context.server.createDatabase("fairness")
  const engine = startEngine(context.server, url)
  const control = openControl(url)
  try {
    await engine.run({ dagId: "flat", conf: { items: warmUpItems } })
    await noteLeases(control)
    const alone = await smallRunsOf(control, "alone")
    await beside(context, control, { kind: "no-op", dagId: "flat", conf: { items }, alone })
    await beside(context, control, { kind: "5 ms", dagId: "slow", conf: { items, itemMs }, alone })
    await shares(context, control)
  } finally {
    await control.close()
    await engine.stop()
  }
}

/** What a small run took, and what was claimed of the big one meanwhile. */
interface SmallRun {
  readonly ms: number
  readonly leases: number
  readonly items: number
}

interface Big {
  readonly kind: string
  readonly dagId: string
  readonly conf: Readonly<Record<string, number>>
  readonly alone: readonly SmallRun[]
}

async function beside(
  context: BenchContext,
  control: Control,
  { kind, dagId, conf, alone }: Big,
): Promise<void> {
  const items = conf["items"] ?? 0
  const big = await control.start(dagId, `big-${kind}`, conf)
  await control.untilMap(big, (map) => map.success > items * underWay)
  const seen = await smallRunsOf(control, `beside-${kind}`, big)
  const { endedAt } = await control.map(big)
  if (endedAt === null) await control.cancel(big)
  const ms = median(seen.map((one) => one.ms))
  const aloneMs = median(alone.map((one) => one.ms))
  const leases = Math.max(...seen.map((one) => one.leases))
  const claimed = Math.max(...seen.map((one) => one.items))
  context.say(
    `  ${kind}: ${seen.length} maps of ${smallItems} beside ${format(items)}: ${format(ms)} ms each (alone ${format(aloneMs)}, at most ` +
      `${format(Math.max(...seen.map((one) => one.ms)))}); claimed of the big one meanwhile: ${format(median(seen.map((one) => one.leases)))} leases ` +
      `(at most ${leases}), ${format(median(seen.map((one) => one.items)))} items (at most ${format(claimed)})`,
  )
  for (const one of seen) context.record({ kind, bigItems: items, aloneMs, ...one })
  context.record({ kind, bigItems: items, ms, aloneMs, ratio: ms / aloneMs, leases, claimed })
  context.hold({ figure: `leases of the big map meanwhile, ${kind}`, value: leases, atMost: leasesMax })
}

/** A run of one DAG beside several of another, none of which ends before the shares are looked at. */
async function shares(context: BenchContext, control: Control): Promise<void> {
  const items = context.isSmoke ? smokeShareItems : shareItems
  const conf = { items, itemMs }
  const many: DagRunRow[] = []
  for (let rival = 0; rival < rivals; rival++) many.push(await control.start("slow", `rival-${rival}`, conf))
  for (const run of many) await control.untilMap(run, (map) => map.success > 0)
  const lone = await control.start("lone", "lone", conf)
  const first = await control.untilMap(lone, (map) => map.success > 0)
  const doneBefore = await doneOf(control, many)
  const last = await control.untilMap(lone, (map) => map.success > items * shareAt)
  const own = last.success - first.success
  const others = (await doneOf(control, many)) - doneBefore
  for (const run of [...many, lone]) await control.cancel(run)
  const share = own / (own + others)
  context.say(
    `  a DAG of one run beside a DAG of ${rivals} runs: ${format(own)} items against ${format(others)}`,
  )
  context.record({ kind: "DAGs", rivals, own, others, share })
  context.hold({ figure: "share of the DAG of one run", value: share, atLeast: shareMin })
}

async function doneOf(control: Control, runs: readonly DagRunRow[]): Promise<number> {
  let done = 0
  for (const run of runs) done += (await control.map(run)).success
  return done
}

/** Small runs, one after another. A big map that ends meanwhile is no company any more: those after it do not count. */
async function smallRunsOf(control: Control, prefix: string, big?: DagRunRow): Promise<SmallRun[]> {
  const seen: SmallRun[] = []
  for (let turn = 0; turn < smallRuns; turn++) {
    const run = await control.start("flat", `${prefix}-${turn}`, { items: smallItems })
    const { queuedAt, endedAt, state } = await control.untilEnded(run)
    if (state !== "success" || endedAt === null) throw new Error(`the small run ended ${state}`)
    if (big !== undefined && (await control.map(big)).endedAt !== null) break
    const claimed = big === undefined ? nothing : await claimedBeside(control, big, run)
    seen.push({ ms: endedAt.getTime() - queuedAt.getTime(), ...claimed })
    await sleep(apartMs)
  }
  if (seen.length === 0) throw new Error("the big map ended before the first small one")
  return seen
}

const nothing = { leases: 0, items: 0 }

/** Keeps a note of each lease: its own row is gone when it is done. */
async function noteLeases({ client }: Control): Promise<void> {
  const statements = [
    "create unlogged table bench_lease (dag_run_id bigint, count int, claimed_at timestamptz)",
    `create function note_lease() returns trigger language plpgsql as $$
      begin
        insert into bench_lease values (new.expansion_id / 4096, new.count, clock_timestamp());
        return null;
      end $$`,
    "create trigger note_lease after insert on lease for each row execute function note_lease()",
  ]
  for (const statement of statements) await client.run("note", (sql) => sql.unsafe(statement))
}

/** What was claimed of one run between start and end of another, by the database's clock. */
async function claimedBeside(
  { client }: Control,
  big: DagRunRow,
  small: DagRunRow,
): Promise<{ leases: number; items: number }> {
  const [row] = await client.run(
    "claimed",
    (sql) => sql<{ leases: number; items: number }[]>`
      select count(*)::int as leases, coalesce(sum(count), 0)::int as items
      from bench_lease
      join dag_run small on small.id = ${small.id}
      where bench_lease.dag_run_id = ${big.id} and claimed_at between small.queued_at and small.ended_at
    `,
  )
  return row ?? nothing
}
