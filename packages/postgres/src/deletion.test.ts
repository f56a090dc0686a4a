import {
  claim,
  completeOptions,
  createRun,
  deferred,
  indexesOf,
  items,
  type OpenMap,
  openMap,
  retried,
  runEffect,
} from "@sluice/core/testing"
import { afterAll, expect, it } from "vitest"
import { createClient, type Sql } from "./client.ts"
import { openStore } from "./open-store.ts"
import { deletedTables, deleteDagRun, removeRows } from "./sql/deletion.ts"
import { testDatabase } from "./testing.ts"

const database = await testDatabase()
const { store, close } = openStore({ url: database.url, applicationName: "deletion" })
const client = createClient({ url: database.url, max: 1, applicationName: "deletion", hot: true })
afterAll(async () => {
  await Promise.all([close(), client.close()])
  await database.drop()
})

interface Column {
  readonly name: string
  readonly type: string
  readonly isNeeded: boolean
  readonly label: string | null
}

/** Tables whose rows name a run by its number, or an expansion by its id, with all their columns. */
async function tablesOfRuns(sql: Sql): Promise<Map<string, Column[]>> {
  const rows = await sql<(Column & { table: string })[]>`
    select class.relname as table, attribute.attname as name, type.typname as type,
      attribute.attnotnull and not attribute.atthasdef and attribute.attidentity = '' as is_needed,
      (select enumlabel from pg_enum where enumtypid = type.oid order by enumsortorder limit 1) as label
    from pg_class class
    join pg_namespace on pg_namespace.oid = class.relnamespace and nspname = 'sluice'
    join pg_attribute attribute on attribute.attrelid = class.oid and attnum > 0 and not attisdropped
    join pg_type type on type.oid = attribute.atttypid
    where class.relkind = 'r'
    order by class.relname, attnum
  `
  const tables = Map.groupBy(rows, ({ table }) => table)
  return new Map([...tables].filter(([, columns]) => columns.some(isOfRun)))
}

function isOfRun({ name, type }: Column): boolean {
  return type === "int8" && /(?:^|_)(?:dag_run|expansion|upstream|consumer)_id$/.test(name)
}

/** Rows that checks of the table allow, where a plain value would not do. */
const particular: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  trigger: { is_watched: "true" },
  log: { level: "'info'" },
}

/** One row that names the run wherever it can. */
function rowOf(table: string, columns: readonly Column[], runId: bigint, place: bigint): string {
  const given = columns.filter((column) => column.isNeeded || isOfRun(column))
  const values = given.map((column) => {
    const { name, type, label } = column
    if (isOfRun(column)) return String(name.endsWith("dag_run_id") ? runId : runId * 4096n + place)
    if (label !== null) return `'${label}'`
    return particular[table]?.[name] ?? plain[type] ?? `'x'`
  })
  return `insert into ${table} (${given.map(({ name }) => name).join(", ")}) values (${values.join(", ")})`
}

const plain: Readonly<Record<string, string>> = {
  int8: "1",
  int4: "1",
  int2: "1",
  bool: "false",
  json: "'null'",
  timestamptz: "now()",
}

/** How many rows of a table name a run. */
async function naming(sql: Sql, table: string, columns: readonly Column[], runId: bigint): Promise<number> {
  const conditions = columns
    .filter(isOfRun)
    .map(({ name }) =>
      name.endsWith("dag_run_id")
        ? `${name} = ${runId}`
        : `${name} between ${runId * 4096n} and ${runId * 4096n + 4095n}`,
    )
  const [row] = await sql.unsafe<{ count: number }[]>(
    `select count(*)::int as count from ${table} where ${conditions.join(" or ")}`,
  )
  return row!.count
}

/** Those that go, or let go of the run, with the run itself. */
const atOnce = ["dag_run_asset", "expansion", "backfill_date"]

it("leaves no row in any table that names a deleted run, and those of its neighbours all", async () => {
  const runs = []
  for (const runId of ["before", "deleted", "after"])
    runs.push((await createRun({ store } as never, { runId, tasks: [{ taskId: "t" }] })).run)
  const ids = runs.map(({ id }) => BigInt(id))
  const [before, deleted, after] = ids as [bigint, bigint, bigint]
  expect([before + 1n, after - 1n]).toEqual([deleted, deleted])
  await runEffect(store.cancelDagRun({ dagRunId: String(deleted), note: "enough", actor: "tester" }))
  await client.run("deletion", async (sql) => {
    const tables = await tablesOfRuns(sql)
    tables.delete("deleted_run")
    // A table that is new here needs a place in `deletedTables`, or to go with its run.
    expect([...tables.keys()].toSorted()).toEqual(
      [...deletedTables.map(({ table }) => table), ...atOnce].toSorted(),
    )
    await sql`insert into asset (id, name, uri, group_name, extra) overriding system value values (1, 'a', 'a', 'a', '{}')`
    await sql`
      insert into backfill (
        id, dag_id, from_date, to_date, is_reversed, reprocess, max_active_runs, conf, is_dag_paused, total, ended_at
      )
      overriding system value
      select number, 'fixture', now(), now(), false, 'none', 1, '{}', false, 1, now() from generate_series(1, 3) number
    `
    for (const [table, columns] of tables) {
      if (table === "expansion") continue
      for (const [place, runId] of ids.entries())
        for (const edge of table === "backfill_date" || table === "dag_run_asset" ? [0n] : [1n, 4095n])
          await sql.unsafe(
            table === "backfill_date"
              ? `insert into backfill_date values (${place + 1}, 0, now(), now(), now(), ${runId})`
              : rowOf(table, columns, runId, edge),
          )
    }
    const counts = async () =>
      Promise.all(
        ids.map(async (runId) => {
          const found: Record<string, number> = {}
          for (const [table, columns] of tables) found[table] = await naming(sql, table, columns, runId)
          return found
        }),
      )
    const [wasBefore, was, wasAfter] = await counts()
    expect(Object.entries(was!).filter(([, count]) => count === 0)).toEqual([])
    await runEffect(store.deleteDagRun({ dagRunId: String(deleted), actor: "tester" }))
    const epoch = (await runEffect(store.lead({ role: "pruner", holder: "p", leaseSeconds: 60 })))!
    const leadership = { role: "pruner", holder: "p", epoch }
    while (!(await runEffect(store.pruneRows({ leadership, limit: 1 }))).isDone);
    const [isBefore, is, isAfter] = await counts()
    expect(Object.entries(is!).filter(([, count]) => count > 0)).toEqual([])
    expect([isBefore, isAfter]).toEqual([wasBefore, wasAfter])
    expect(await sql`select from deleted_run`).toHaveLength(0)
  })
})

async function lead() {
  const epoch = (await runEffect(store.lead({ role: "pruner", holder: "p", leaseSeconds: 600 })))!
  return { role: "pruner", holder: "p", epoch }
}

it("leaves nothing of runs that are deleted while workers record them, and keeps what others have", async () => {
  const world = { store } as never
  const maps: OpenMap[] = []
  for (let n = 0; n < 12; n++) {
    const map = await openMap(world, { dagId: "worked", runId: `r${n}` })
    for (let page = 0; page < 4; page++) await map.commit(items(40))
    maps.push(map)
  }
  const isGoing = (place: number) => place % 2 === 1
  const over = new AbortController()
  const leadership = await lead()
  const work = async (workerId: string) => {
    while (!over.signal.aborted) {
      for (const lease of await claim(store, { workerId, sizeDefault: 15, limit: 3 })) {
        const [first = 0, second = 0, ...rest] = indexesOf(lease)
        const { expansionId } = lease
        const entry = {
          mapIndex: first,
          tryNumber: 1,
          at: 0,
          level: "info" as const,
          message: "",
          fields: null,
        }
        const xcoms = [{ mapIndex: second, key: "k", value: "1" }]
        const exceptions = lease.isRetry ? [] : [retried(first, 0), deferred(second)]
        const indexes = lease.isRetry ? indexesOf(lease) : rest
        // Who works learns that its lease is lost, and only that.
        const done = store.complete(completeOptions(lease, { workerId, indexes, exceptions, xcoms }))
        await Promise.all([
          runEffect(done).catch((error: { _tag: string }) => expect(error._tag).toBe("LeaseLost")),
          runEffect(store.appendLogs({ expansionId, entries: [entry] })),
        ])
      }
    }
  }
  const remove = async () => {
    while (!over.signal.aborted) await runEffect(store.pruneRows({ leadership, limit: 20 }))
  }
  const busy = [work("w1"), work("w2"), work("w3"), remove()]
  for (const [place, { dagRunId }] of maps.entries()) {
    if (!isGoing(place)) continue
    await runEffect(store.cancelDagRun({ dagRunId, note: "enough", actor: "tester" }))
    await runEffect(store.deleteDagRun({ dagRunId, actor: "tester" }))
  }
  over.abort()
  await Promise.all(busy)
  while (!(await runEffect(store.pruneRows({ leadership, limit: 100 }))).isDone);
  await client.run("left", async (sql) => {
    const tables = await tablesOfRuns(sql)
    for (const [place, { dagRunId }] of maps.entries()) {
      const left: Record<string, number> = {}
      for (const [table, columns] of tables) left[table] = await naming(sql, table, columns, BigInt(dagRunId))
      if (isGoing(place)) expect(Object.values(left).filter((count) => count > 0)).toEqual([])
      else expect(left).toMatchObject({ page: 4, expansion: 1 })
    }
  })
})

it("costs what the run has, however much its neighbours have", async () => {
  const runs: string[] = []
  for (const runId of ["large-1", "alone", "beside", "large-2"]) {
    const { run } = await createRun({ store } as never, { runId, tasks: [{ taskId: "t" }] })
    await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "enough", actor: "tester" }))
    runs.push(run.id)
  }
  const [large1 = "", alone = "", beside = "", large2 = ""] = runs
  const fill = (dagRunId: string, count: number) =>
    client.run("fill", async (sql) => {
      const id = String(BigInt(dagRunId) * 4096n)
      await sql`
        insert into task_instance (expansion_id, map_index, started_at, ended_at, state, try_number)
        select ${id}, i, now(), now(), 'success', 1 from generate_series(1, ${count}::int) i
      `
      await sql`
        insert into log (expansion_id, map_index, try_number, at, level, message)
        select ${id}, i, 1, now(), 'info', 'x' from generate_series(1, ${count}::int) i
      `
    })
  const leadership = await lead()
  const cost = async (dagRunId: string) => {
    await fill(dagRunId, 100)
    const before = await blocksRead()
    // Over this connection, whose statistics can be asked for at once.
    await client.run("delete", (sql) => deleteDagRun(sql, { dagRunId, actor: "tester" }))
    while (!(await client.run("remove", (sql) => removeRows(sql, { leadership, limit: 500 }))).isDone);
    return (await blocksRead()) - before
  }
  const least = await cost(alone)
  await fill(large1, 20_000)
  await fill(large2, 20_000)
  expect(least).toBeGreaterThan(100)
  expect(await cost(beside)).toBeLessThan(least * 1.5)
})

/** Blocks of tables and indexes that any statement has looked at so far. */
function blocksRead(): Promise<number> {
  return client.run("blocks", async (sql) => {
    await sql`select pg_stat_force_next_flush()`
    await sql`select pg_stat_clear_snapshot()`
    const [row] = await sql<{ blocks: string }[]>`
      select (
        select sum(heap_blks_read + heap_blks_hit) from pg_statio_user_tables
      ) + (
        select sum(idx_blks_read + idx_blks_hit) from pg_statio_user_indexes
      ) as blocks
    `
    return Number(row?.blocks)
  })
}
