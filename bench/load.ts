/**
 * What a busy installation does at once or has behind it, with the memory and the statements that it takes: 1,000 past runs of 50
 * tasks that are listed, looked into and deleted, a run of a million instances that is deleted, 2,000 mapped instances lazily and eagerly, 120 DAGs that run at the same time. (Many DAGs
 * with assets: see `assets`.)
 *
 * Bounds are on statements, which no load of the machine changes; times and memory are told.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Hosts, pruneOnce, runEngine } from "@sluice/core/engine"
import { type DagRunSummary, Store, type StoreService } from "@sluice/core/store"
import { mapped, serializedDag } from "@sluice/core/testing"
import { loadDagFile } from "@sluice/dags"
import { createHostPool } from "@sluice/host"
import { createClient, openStore } from "@sluice/postgres"
import { Effect, Fiber } from "effect"
import { type BenchContext, format } from "./harness/bench.ts"
import { type MeasuredRun, peakRssOf, startEngine } from "./harness/engine.ts"

const sizes = { pastRuns: 1_000, tasks: 50, mapped: 2_000, dags: 120, items: 20, instances: 1_000_000 }
const smokeSizes = { pastRuns: 20, tasks: 10, mapped: 200, dags: 5, items: 5, instances: 2_000 }
/** What a list in the API has on one page. */
const pageSize = 100
const mb = 1024 * 1024
const fillDeadlineMs = 120_000
/** How long the bench leads: longer than it takes. */
const leadSeconds = 3_600
/** Longer than this nothing here takes, on whatever machine. */
const endMsMax = 600_000
const lookMs = 1_000

export const name = "load"
export const claim =
  "lists and views of 1,000 past runs take one statement a page, deleting them two each; 120 DAGs at once at most 12 a task; lazy beats eager"

/** Runs the bench. */
export async function run(context: BenchContext): Promise<void> {
  const size = context.isSmoke ? smokeSizes : sizes
  await pastRuns(context, size)
  await largeRun(context, size)
  await mappedInstances(context, size)
  await manyDags(context, size)
}

async function pastRuns(
  { server, say, record, hold }: BenchContext,
  { pastRuns: count, tasks }: { pastRuns: number; tasks: number },
): Promise<void> {
  const url = await server.createDatabase("load_past")
  const { store, statements, close } = openStore({ url, applicationName: "sluice bench load" })
  const call = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)
  const fixtures = Array.from({ length: tasks }, (_, n) => ({ taskId: `task_${n}` }))
  const dag = serializedDag({ dagId: "past", tasks: fixtures, planning: { maxActiveRuns: count } })
  await call(store.registerDag({ dag, bundle: { hash: "bench", code: "", sourceMap: null } }))
  const idle = await timed(
    statements,
    () => server.cpuUs(),
    () => call(store.dueExpansions({ limit: pageSize })),
  )
  for (let n = 0; n < count; n++) {
    const made = { dagId: "past", runId: `run_${n}`, runType: "manual", conf: {}, logicalDate: null } as const
    await call(store.createDagRun(made))
  }
  await endAll(url)
  const listed = await timed(
    statements,
    () => server.cpuUs(),
    async () => {
      let after: string | null = null
      for (let page = 0; page * pageSize < count; page++) {
        const found: readonly DagRunSummary[] = await call(
          store.pageDagRuns({ filter: {}, isDescending: true, after, limit: pageSize }),
        )
        after = found.at(-1)?.id ?? null
      }
    },
  )
  const newest = await call(
    store.pageDagRuns({ filter: {}, isDescending: true, after: null, limit: pageSize }),
  )
  const views = await timed(
    statements,
    () => server.cpuUs(),
    () => call(store.expansionsOfRuns({ dagRunIds: newest.map(({ id }) => id) })),
  )
  const inspected = await timed(
    statements,
    () => server.cpuUs(),
    async () => {
      const [first] = newest
      if (first === undefined) return
      const expansions = await call(store.expansionsOfRun(first.id))
      const ranges = expansions.map(({ expansionId }) => ({ expansionId, skip: 0, limit: 1 }))
      await call(store.instancesAt({ ranges, states: null }))
    },
  )
  const pass = await timed(
    statements,
    () => server.cpuUs(),
    () => call(store.dueExpansions({ limit: pageSize })),
  )
  const deleted = await timed(
    statements,
    () => server.cpuUs(),
    async () => {
      for (let before: string | undefined; ;) {
        const runs = await call(
          store.listDagRuns({ limit: pageSize, ...(before !== undefined && { before }) }),
        )
        for (const { id: dagRunId } of runs) await call(store.deleteDagRun({ dagRunId, actor: "bench" }))
        before = runs.at(-1)?.id
        if (before === undefined) return
      }
    },
  )
  const pruned = await pruneAll(store, { statements, cpuUs: () => server.cpuUs() })
  await close()
  const figures = {
    deleteMs: deleted.ms,
    deleteStatements: deleted.statements,
    pruneMs: pruned.ms,
    pruneStatements: pruned.statements,
    prunedRows: pruned.rows,
    pruneStatementMsMax: pruned.msMax,
    deleteCpuMs: (deleted.cpuUs + pruned.cpuUs) / 1_000,
    deleteHeapMb: Math.max(deleted.heapBytes, pruned.heapBytes) / mb,
    listMs: listed.ms,
    listStatements: listed.statements,
    viewMs: views.ms,
    viewStatements: views.statements,
    inspectMs: inspected.ms,
    inspectStatements: inspected.statements,
    schedulerPassMs: pass.ms,
    schedulerPassMsEmpty: idle.ms,
    heapGrowthMb: Math.max(listed.heapBytes, views.heapBytes) / mb,
  }
  say(`  ${count} past runs of ${tasks} tasks: ${shown(figures)}`)
  record({ part: "past runs", runs: count, tasks, ...figures })
  const pages = Math.ceil(count / pageSize)
  hold({ figure: "statements a page of runs", value: listed.statements / pages, atMost: 1, always: true })
  hold({
    figure: "statements to see the tasks of 100 runs",
    value: views.statements,
    atMost: 1,
    always: true,
  })
  hold({
    figure: "statements to delete a run and all that it left",
    value: (deleted.statements + pruned.statements) / count,
    atMost: 2,
    always: true,
  })
  hold({ figure: "statements to look into a run", value: inspected.statements, atMost: 2, always: true })
}

/** Deletes a run of a map that has ended, with pages, results and a log line for every tenth instance. */
async function largeRun(
  { server, say, record, hold }: BenchContext,
  { instances }: { instances: number },
): Promise<void> {
  const url = await server.createDatabase("load_large")
  const { store, statements, close } = openStore({ url, applicationName: "sluice bench large" })
  const call = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)
  const dag = serializedDag({ dagId: "large", tasks: [mapped("map")] })
  await call(store.registerDag({ dag, bundle: { hash: "bench", code: "", sourceMap: null } }))
  const run = await call(
    store.createDagRun({ dagId: "large", runId: "r", runType: "manual", conf: {}, logicalDate: null }),
  )
  await fillMap(url, instances)
  const cpuUs = () => server.cpuUs()
  const first = await timed(statements, cpuUs, () =>
    call(store.deleteDagRun({ dagRunId: run.id, actor: "bench" })),
  )
  const pruned = await pruneAll(store, { statements, cpuUs })
  await close()
  const figures = {
    outOfSightMs: first.ms,
    pruneMs: pruned.ms,
    rowsPerSecond: (pruned.rows / pruned.ms) * 1_000,
    prunedRows: pruned.rows,
    statements: pruned.statements,
    statementMsMax: pruned.msMax,
    cpuMs: pruned.cpuUs / 1_000,
    heapMb: pruned.heapBytes / mb,
  }
  say(`  a run of ${instances} instances deleted: ${shown(figures)}`)
  record({ part: "large run", instances, ...figures })
  hold({
    figure: "rows of a large run that a statement removes, on average",
    value: pruned.rows / pruned.statements,
    atLeast: 1_000,
  })
}

/** As if a map had run: pages of 100, results, and some log lines. */
async function fillMap(url: string, instances: number): Promise<void> {
  const client = createClient({ url, max: 1, applicationName: "sluice bench fill" })
  const fill = (sql: Parameters<Parameters<typeof client.run>[1]>[0]) => sql`
    with map as (
      update expansion
      set state = 'success', is_due = false, is_exhausted = true, created = ${instances}, success = ${instances},
          next_index = ${instances}, opened_at = now(), ended_at = now()
      returning id
    ), paged as (
      insert into page (expansion_id, first_index, count, urgency, claimable, folded, claimed, finished, success, items)
      select map.id, n, ${pageSize}, 0, false, true, ${pageSize}, ${pageSize}, ${pageSize},
        array(select '{"id":' || n + i || ',"name":"somebody"}' from generate_series(0, ${pageSize - 1}::int) i)
      from map, generate_series(0, ${instances - 1}::int, ${pageSize}::int) n
    ), recorded as (
      insert into task_instance (expansion_id, map_index, started_at, ended_at, state, try_number, value)
      select map.id, n, now(), now(), 'success', 1, '{"written":true}' from map, generate_series(0, ${instances - 1}::int) n
    ), logged as (
      insert into log (expansion_id, map_index, try_number, at, level, message)
      select map.id, n, 1, now(), 'info', 'written' from map, generate_series(0, ${instances - 1}::int, 10) n
    )
    update dag_run set state = 'success', ended_at = now()
  `
  await client.run("fill", fill, { deadlineMs: fillDeadlineMs })
  await client.close()
}

/** Removes what deleted runs have left, as the pruner does; also tells the longest statement. */
async function pruneAll(
  store: StoreService,
  { statements, cpuUs }: { statements: () => number; cpuUs: () => number },
) {
  const lead = { role: "pruner", holder: "bench" }
  const epoch = await Effect.runPromise(store.lead({ ...lead, leaseSeconds: leadSeconds }))
  if (epoch === null) throw new Error("somebody else prunes")
  let rows = 0
  let msMax = 0
  const taken = await timed(statements, cpuUs, async () => {
    for (let size = 500; ;) {
      const startedAt = performance.now()
      const turned = await Effect.runPromise(pruneOnce(store, { ...lead, epoch }, size))
      msMax = Math.max(msMax, performance.now() - startedAt)
      rows += turned.removed
      size = turned.size
      if (turned.isDone) return
    }
  })
  return { ...taken, rows, msMax }
}

/** As if everything had run: a row for each instance. */
async function endAll(url: string): Promise<void> {
  const client = createClient({ url, max: 1, applicationName: "sluice bench fill" })
  await client.run(
    "end",
    (sql) => sql`
      with ended as (
        update expansion
        set state = 'success', is_due = false, is_exhausted = true, created = 1, success = 1, opened_at = now(), ended_at = now()
        returning id
      ), paged as (
        insert into page (expansion_id, first_index, count, urgency, claimable, folded, claimed, finished, success)
        select id, -1, 1, 0, false, true, 1, 1, 1 from ended
      ), recorded as (
        insert into task_instance (expansion_id, map_index, started_at, ended_at, state, try_number, value)
        select id, -1, now(), now(), 'success', 1, '1' from ended
      )
      update dag_run set state = 'success', ended_at = now()
    `,
    { deadlineMs: fillDeadlineMs },
  )
  await client.close()
}

async function mappedInstances(context: BenchContext, { mapped: items }: { mapped: number }): Promise<void> {
  const { server, say, record, hold } = context
  const statements: Record<string, number> = {}
  for (const [way, dagId] of [
    ["lazy", "watched"],
    ["eager", "eager"],
  ] as const) {
    const url = await server.createDatabase(`load_${way}`)
    const engine = startEngine(server, url)
    await engine.run({ dagId, conf: { items: pageSize } })
    const ran = await engine.run({ dagId, conf: { items, pageLatencyMs: 20 } })
    const rss = peakRssOf(engine)
    await engine.stop()
    statements[way] = ran.statements
    const figures = {
      firstItemMs: firstItemMs(ran),
      totalMs: ran.ms,
      statements: ran.statements,
      heapPeakMb: ran.heapPeakBytes / mb,
      engineMb: rss.engine / mb,
      hostMb: Math.max(rss.pullHost, ...rss.itemHosts) / mb,
      readKb: ran.bytesRead / 1024,
    }
    say(`  ${items} mapped instances, ${way}: ${shown(figures)}`)
    record({ part: "mapped", way, items, ...figures })
  }
  hold({
    figure: "statements an instance, lazy",
    value: (statements["lazy"] ?? Number.NaN) / items,
    atMost: 0.5,
  })
}

function firstItemMs(run: MeasuredRun): number {
  const mapped = run.expansions.find((expansion) => expansion.kind === "mapped")
  return (mapped?.firstSuccessAt ?? Number.NaN) - run.queuedAt
}

async function manyDags(
  { server, say, record, hold }: BenchContext,
  { dags, items }: { dags: number; items: number },
): Promise<void> {
  const url = await server.createDatabase("load_many")
  const { store, statements, close } = openStore({ url, applicationName: "sluice bench many" })
  const pool = createHostPool({ loadBundle: (hash) => Effect.runPromise(store.loadBundle(hash)) })
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-dags-"))
  try {
    const file = join(folder, "many.ts")
    writeFileSync(file, manyText(dags, items))
    const { bundle, dags: found } = await loadDagFile(file, pool)
    for (const dag of found) await Effect.runPromise(store.registerDag({ dag, bundle }))
    const engine = Effect.runFork(
      runEngine({}).pipe(Effect.provideService(Store, store), Effect.provideService(Hosts, pool)),
    )
    const ran = await timed(
      statements,
      () => server.cpuUs(),
      () =>
        runAll(
          store,
          found.map(({ dagId }) => dagId),
        ),
    )
    await Effect.runPromise(Fiber.interrupt(engine))
    const tasks = dags * 3
    const figures = {
      ms: ran.ms,
      statements: ran.statements,
      statementsATask: ran.statements / tasks,
      postgresCpuMs: ran.cpuUs / 1_000,
      heapGrowthMb: ran.heapBytes / mb,
    }
    say(`  ${dags} DAGs at once, 3 tasks each, one a map of ${items}: ${shown(figures)}`)
    record({ part: "many DAGs", dags, items, ...figures })
    hold({ figure: "statements a task", value: figures.statementsATask, atMost: 12 })
  } finally {
    await pool.close({ graceMs: 1_000 })
    await close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A DAG file with so many DAGs. */
function manyText(dags: number, items: number): string {
  const head = `import { dag, task } from "sluice"
const list = task("list", () => Array.from({ length: ${items} }, (_, n) => n))
const work = task("work", async (n: number) => n)
const end = task("end", async ({ all }: { all: AsyncIterable<number> }) => { let sum = 0; for await (const n of all) sum += n; return sum })
`
  const one = (n: number) =>
    `export const dag_${n} = dag("many_${n}", () => { end({ all: work.expand(list()) }) })`
  return head + Array.from({ length: dags }, (_, n) => one(n)).join("\n")
}

/** Makes a run of each at once, and waits until all have ended well. */
async function runAll(store: StoreService, dagIds: readonly string[]): Promise<void> {
  const make = (dagId: string) =>
    store.createDagRun({ dagId, runId: "run", runType: "manual", conf: {}, logicalDate: null })
  await Effect.runPromise(Effect.forEach(dagIds, make, { concurrency: 3, discard: true }))
  store.wake("due")
  const startedAt = performance.now()
  for (;;) {
    const unended = await Effect.runPromise(store.listDagRuns({ states: ["queued", "running"], limit: 1 }))
    if (unended.length === 0) break
    if (performance.now() - startedAt > endMsMax) throw new Error("the runs have not ended")
    // Once a second: a look at each of many ends would be most of what is counted.
    await sleep(lookMs)
  }
  const failed = await Effect.runPromise(store.listDagRuns({ states: ["failed"], limit: 1 }))
  if (failed.length > 0) throw new Error(`a run has failed: ${JSON.stringify(failed)}`)
}

/** What something takes: time, statements of this process, the heap beyond what was in use, Postgres' CPU. */
async function timed(statements: () => number, cpuUs: () => number, work: () => Promise<unknown>) {
  const before = { statements: statements(), heap: process.memoryUsage().heapUsed, cpuUs: cpuUs() }
  let heapPeak = before.heap
  const looking = setInterval(() => {
    heapPeak = Math.max(heapPeak, process.memoryUsage().heapUsed)
  }, 20)
  const startedAt = performance.now()
  await work()
  const ms = performance.now() - startedAt
  clearInterval(looking)
  return {
    ms,
    statements: statements() - before.statements,
    heapBytes: Math.max(0, Math.max(heapPeak, process.memoryUsage().heapUsed) - before.heap),
    cpuUs: cpuUs() - before.cpuUs,
  }
}

function shown(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([key, value]) => `${key} ${format(value)}`)
    .join(", ")
}
