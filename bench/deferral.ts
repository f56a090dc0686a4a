/**
 * 10,000 instances of a map wait a minute each without a slot, and go on in time; killing the triggerer loses none.
 *
 * One process plays the triggerer, another all other roles. The first part measures what the waiting costs the triggerer, and how
 * late the instances go on: from when a timer is due, by the database's clock, to when its instance runs again. In the
 * second the triggerer is killed half-way and another one started.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { type BenchContext, format } from "./harness/bench.ts"
import { type Child, startChild } from "./harness/child.ts"
import { type Control, openControl } from "./harness/control.ts"
import { peakRssBytes } from "./harness/processes.ts"
import { quantile } from "./harness/statistics.ts"

const itemsDefault = 10_000
const smokeItems = 300
const waitMs = 60_000
const smokeWaitMs = 2_000
/** How late the timers of a quiet moment may be: one is due, and nothing else is to do. */
const firedLateMsMax = 1_000
/** What 10,000 waiting instances may add to the triggerer's peak memory. */
const grownMbMax = 16
const mb = 1024 * 1024
const otherRoles = "scheduler,expander,worker,rescuer"
/** How long the triggerer is gone. */
const goneMs = 500

export const name = "deferral"
export const claim = `10,000 instances that wait for ${waitMs / 1_000} s take at most ${grownMbMax} MB of the triggerer, and none is lost when it is killed`

/** Runs the bench. */
export async function run(context: BenchContext): Promise<void> {
  const items = context.items ?? (context.isSmoke ? smokeItems : itemsDefault)
  const url = await context.server.createDatabase("deferral")
  const others = startChild("./engine-process.ts", { args: [url, otherRoles, "register"] })
  const control = openControl(url)
  let triggerer = startTriggerer(url)
  try {
    await untilRegistered(control)
    await untilWaited(control, { runId: "warm", items: Math.ceil(items / 10), ms: 500 })
    const idle = peakRssBytes(triggerer.pid)
    const quiet = await untilWaited(control, {
      runId: "quiet",
      items,
      ms: context.isSmoke ? smokeWaitMs : waitMs,
    })
    const grown = peakRssBytes(triggerer.pid) - idle
    tell(context, { part: "quiet", items, idleMb: idle / mb, grownMb: grown / mb, ...quiet })
    context.hold({ figure: "MB that the triggerer's peak grew by", value: grown / mb, atMost: grownMbMax })
    context.hold({
      figure: "ms until a due timer had fired, 99 %",
      value: quiet.firedP99,
      atMost: firedLateMsMax,
    })
    const killed = await untilWaited(control, {
      ...{ runId: "killed", items, ms: context.isSmoke ? smokeWaitMs : waitMs },
      halfway: async () => {
        process.kill(triggerer.pid, "SIGKILL")
        await sleep(goneMs)
        triggerer = startTriggerer(url)
      },
    })
    tell(context, { part: "killed", items, ...killed })
    context.hold({ figure: "instances lost", value: quiet.lost + killed.lost, atMost: 0, always: true })
  } finally {
    await control.close()
    await Promise.all([others.stop(), triggerer.stop()])
  }
}

function startTriggerer(url: string): Child<never, never> {
  return startChild("./engine-process.ts", { args: [url, "triggerer"] })
}

/** What became of the instances of one run. */
interface Waited {
  /** Milliseconds from the first deferral to the last. */
  readonly deferringMs: number
  /** From due to fired, as far as it was seen. */
  readonly firedP99: number
  /** From due to running again. */
  readonly lateP50: number
  readonly lateP99: number
  readonly lateMax: number
  readonly lost: number
}

/** Lets instances defer, and looks at when each goes on. */
async function untilWaited(
  control: Control,
  options: { runId: string; items: number; ms: number; halfway?: () => Promise<void> },
): Promise<Waited> {
  const { runId, items, ms } = options
  const run = await control.start("patient", runId, { items, waitMs: ms })
  const due = await untilDeferred(control, run.id, items)
  if (options.halfway !== undefined) {
    await sleep(ms / 2)
    await options.halfway()
  }
  const firedP99 = await watchFiring(control, run.id)
  await control.untilEnded(run)
  const resumed = await timesOf(control, run.id, "resumed")
  const late = [...due].flatMap(([index, at]) => {
    const again = resumed.get(index)
    return again === undefined ? [] : [again - at]
  })
  const deferred = [...due.values()]
  return {
    deferringMs: Math.max(...deferred) - Math.min(...deferred),
    firedP99,
    lateP50: quantile(late, 0.5),
    lateP99: quantile(late, 0.99),
    lateMax: Math.max(...late),
    lost: items - resumed.size,
  }
}

/** Notes when each timer is due, until all instances have deferred. */
async function untilDeferred(
  control: Control,
  dagRunId: string,
  items: number,
): Promise<Map<number, number>> {
  const due = new Map<number, number>()
  while (due.size < items) {
    for (const [index, at] of await timesOf(control, dagRunId, "due")) due.set(index, at)
    await sleep(20)
  }
  return due
}

/** Looks at how late the oldest timer that still waits is, until none does; gives what 99 % of the looks were below. */
async function watchFiring(control: Control, dagRunId: string): Promise<number> {
  const seen: number[] = []
  for (;;) {
    const [row] = await control.client.run(
      "oldest",
      (sql) => sql<{ count: number; lateMs: number | null }[]>`
        select count(*)::int as count, (extract(epoch from now() - min(fire_at)) * 1000)::float8 as late_ms
        from trigger
        where expansion_id between ${dagRunId}::bigint * 4096 and ${dagRunId}::bigint * 4096 + 4095
      `,
    )
    if (row === undefined || row.count === 0 || row.lateMs === null) return quantile(seen, 0.99)
    if (row.lateMs > 0) seen.push(row.lateMs)
    await sleep(Math.max(5, Math.min(500, -row.lateMs)))
  }
}

/** When each timer is due, or each instance ran again, in milliseconds since the epoch. */
async function timesOf(
  control: Control,
  dagRunId: string,
  what: "due" | "resumed",
): Promise<Map<number, number>> {
  const rows = await control.client.run("times", (sql) =>
    what === "due"
      ? sql<{ index: number; at: number }[]>`
          select map_index::int as index, (extract(epoch from fire_at) * 1000)::float8 as at from trigger
          where expansion_id between ${dagRunId}::bigint * 4096 and ${dagRunId}::bigint * 4096 + 4095
        `
      : sql<{ index: number; at: number }[]>`
          select map_index::int as index, (extract(epoch from started_at) * 1000)::float8 as at from task_instance
          where expansion_id between ${dagRunId}::bigint * 4096 and ${dagRunId}::bigint * 4096 + 4095
            and state = 'success'
        `,
  )
  return new Map(rows.map((row) => [row.index, row.at]))
}

async function untilRegistered(control: Control): Promise<void> {
  for (;;) {
    const [dag] = await control.client.run(
      "registered",
      (sql) => sql`select from dag where dag_id = 'patient' and latest_version_id is not null`,
    )
    if (dag !== undefined) return
    await sleep(20)
  }
}

function tell({ say, record }: BenchContext, seen: Waited & Readonly<Record<string, string | number>>): void {
  const grown =
    seen["grownMb"] === undefined
      ? ""
      : `; triggerer ${format(Number(seen["idleMb"]))} MB idle, grown by ${format(Number(seen["grownMb"]))} MB`
  say(
    `  ${seen["part"]}: ${format(Number(seen["items"]))} deferred within ${format(seen.deferringMs)} ms; ` +
      `fired ${format(seen.firedP99)} ms late (99 %), running again ${format(seen.lateP50)} ms late (50 %), ` +
      `${format(seen.lateP99)} (99 %), ${format(seen.lateMax)} at most; lost ${seen.lost}${grown}`,
  )
  record({ ...seen })
}
