/**
 * Telling 100,000 asset events to 1,000 DAGs, and making the runs that follow, costs the events and the runs: the last round
 * what the second did, and no more beside a thousand DAGs that wait for something else.
 *
 * The planner's own turn runs in this process, on a store of its own; events are inserted as tasks leave them. Between rounds
 * all runs are ended, so that each round may make one of each DAG; at last all DAGs are paused, and events gather. Postgres' CPU is what is compared, since time is what
 * else the machine does.
 */
import { planOnce } from "@sluice/core/engine"
import type { Leadership, StoreService } from "@sluice/core/store"
import { serializedDag } from "@sluice/core/testing"
import { type Client, createClient, openStore } from "@sluice/postgres"
import { Effect } from "effect"
import { type BenchContext, format } from "./harness/bench.ts"

const sizes = { dags: 1_000, assets: 100, events: 100_000, rounds: 10 }
const smokeSizes = { dags: 20, assets: 10, events: 1_000, rounds: 5 }
const mb = 1024 * 1024
/** Filling and ending are not what is measured. */
const fillDeadlineMs = 120_000

export const name = "assets"
export const claim =
  "1,000 asset-fed DAGs and 100,000 events cost O(events): flat from the first to the last, one queue row for each DAG and asset"

/** Runs the bench. */
export async function run(context: BenchContext): Promise<void> {
  const { dags, assets, events, rounds } = context.isSmoke ? smokeSizes : sizes
  const each = events / rounds
  const busy = await measure(context, "busy", { dags, assets, idle: 0, each, rounds })
  const beside = await measure(context, "beside", { dags, assets, idle: dags, each, rounds: 3 })
  const [first, last] = [busy.rounds[1], busy.rounds.at(-1)]
  if (first === undefined || last === undefined) throw new Error("there are too few rounds")
  context.hold({
    figure: "Postgres CPU of a run and its events, last round against second",
    value: last.cpuUs / first.cpuUs,
    atMost: 1.25,
  })
  context.hold({
    figure: "the same beside as many DAGs that wait for other assets",
    value: (beside.rounds.at(-1)?.cpuUs ?? Number.NaN) / (busy.rounds[2]?.cpuUs ?? Number.NaN),
    atMost: 1.25,
  })
  context.hold({
    figure: "statements an event and run",
    value: busy.statements / (events + busy.runs),
    atMost: 1.1,
    always: true,
  })
  const gathered = await measure(context, "gather", { dags, assets, idle: 0, each, rounds, isPaused: true })
  // Each waits for two assets, and has had a thousand events and more.
  context.hold({ figure: "queue rows of a DAG", value: gathered.queueRows / dags, atMost: 2, always: true })
}

interface Round {
  readonly cpuUs: number
  readonly ms: number
}

async function measure(
  { server, say, record }: BenchContext,
  part: string,
  options: { dags: number; assets: number; idle: number; each: number; rounds: number; isPaused?: boolean },
) {
  const url = await server.createDatabase(`assets_${part}`)
  const { store, statements, close } = openStore({ url, applicationName: "sluice bench planner" })
  const client = createClient({ url, max: 1, applicationName: "sluice bench events" })
  await define(store, options)
  const epoch = await Effect.runPromise(store.lead({ role: "planner", holder: "bench", leaseSeconds: 3_600 }))
  const leadership: Leadership = { role: "planner", holder: "bench", epoch: epoch ?? 0 }
  const rounds: Round[] = []
  if (options.isPaused === true) await client.run("pause", (sql) => sql`update dag set is_paused = true`)
  let [sent, runs, heapPeak] = [0, 0, 0]
  for (let round = 0; round < options.rounds; round++) {
    await emit(client, options)
    await server.checkpoint()
    const before = { cpuUs: server.cpuUs(), statements: statements(), at: performance.now() }
    for (let idleMs = 0; idleMs === 0;) {
      const turn = await Effect.runPromise(planOnce(store, leadership))
      runs += turn.made
      idleMs = turn.idleMs
      heapPeak = Math.max(heapPeak, process.memoryUsage().heapUsed)
    }
    rounds.push({ cpuUs: server.cpuUs() - before.cpuUs, ms: performance.now() - before.at })
    sent += statements() - before.statements
    await endRuns(client)
  }
  const queueRows = await countQueue(client)
  await Promise.all([close(), client.close()])
  const cpuUs = rounds.reduce((sum, round) => sum + round.cpuUs, 0)
  const events = options.each * options.rounds
  const figures = {
    events,
    runs,
    statements: sent,
    cpuUsAnEvent: cpuUs / events,
    cpuUsARun: runs === 0 ? 0 : cpuUs / runs,
    ms: rounds.reduce((sum, round) => sum + round.ms, 0),
    queueRows,
    heapPeakMb: heapPeak / mb,
  }
  const shown = Object.entries(figures).map(([key, value]) => `${key} ${format(value)}`)
  say(`  ${part.padEnd(7)} ${options.dags} DAGs + ${options.idle} idle: ${shown.join(", ")}`)
  record({ part, dags: options.dags, idle: options.idle, assets: options.assets, ...figures })
  return { ...figures, rounds }
}

/** Each DAG waits for two assets, both; the idle ones for one that has no events. */
async function define(
  store: StoreService,
  { dags, assets, idle }: { dags: number; assets: number; idle: number },
): Promise<void> {
  const bundle = { hash: "bench", code: "", sourceMap: null }
  const register = (dagId: string, names: readonly string[]) => {
    const planning = { assets: { all: names.map((asset) => ({ asset })) }, maxActiveRuns: 1 }
    const dag = serializedDag({ dagId, tasks: [], assets: names.map((asset) => ({ name: asset })), planning })
    return Effect.runPromise(store.registerDag({ dag, bundle }))
  }
  const nameOf = (n: number) => `asset ${n % assets}`
  for (let n = 0; n < dags; n++) await register(`dag_${n}`, [nameOf(n), nameOf(n + 1)])
  for (let n = 0; n < idle; n++) await register(`idle_${n}`, ["nothing happens"])
}

/** Events of all assets in turn, as tasks leave them. */
async function emit(client: Client, { each, assets }: { each: number; assets: number }): Promise<void> {
  await client.run(
    "emit",
    (sql) => sql`
      insert into asset_event (asset_id, extra, source_dag_id, source_run_id, source_task_id, source_map_index)
      select asset.id, '{"rows": 1}', 'maker', 'run', 'load', -1
      from generate_series(0, ${each - 1}::int) n
      join asset on asset.name = 'asset ' || (n % ${assets}::int)
      order by n
    `,
    { deadlineMs: fillDeadlineMs },
  )
}

async function endRuns(client: Client): Promise<void> {
  await client.run(
    "end",
    (sql) => sql`update dag_run set state = 'success', ended_at = now() where state = 'running'`,
    {
      deadlineMs: fillDeadlineMs,
    },
  )
}

async function countQueue(client: Client): Promise<number> {
  const rows = await client.run(
    "count",
    (sql) => sql<{ n: number }[]>`select count(*)::int as n from asset_queue`,
  )
  return rows[0]?.n ?? 0
}
