import { mapped, runEffect, serializedDag } from "@sluice/core/testing"
import { afterAll, expect, it } from "vitest"
import { type Client, createClient, type Sql } from "../client.ts"
import { openStore } from "../open-store.ts"
import { testDatabase } from "../testing.ts"
import { claim } from "./claim.ts"
import { commitPage, selectProgress } from "./expansion.ts"
import { completeWhole } from "./lease.ts"
import { fold, selectDue } from "./scheduling.ts"
import { rescueDead, upsertHeartbeat } from "./role.ts"
import { readStream } from "./stream.ts"

const pageSize = 100
const closers: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of closers.toReversed()) await close()
})

/** A map with an open page and `finishedPages` finished ones, in tables that were never analysed. */
async function setup(finishedPages: number) {
  const database = await testDatabase()
  closers.push(() => database.drop())
  const { store, close } = openStore({ url: database.url, applicationName: "cost" })
  closers.push(close)
  const client = createClient({ url: database.url, max: 1, applicationName: "cost", hot: true })
  closers.push(() => client.close())
  await runEffect(
    store.registerDag({
      dag: serializedDag({ dagId: "dag", tasks: [mapped("map", { mapping: { window: 1000, pageSize } })] }),
      bundle: { hash: "h", code: "", sourceMap: null },
    }),
  )
  const run = await runEffect(
    store.createDagRun({ dagId: "dag", runId: "r", runType: "manual", conf: {}, logicalDate: null }),
  )
  const expansionId = String(BigInt(run.id) * 4096n)
  await client.run("fill", (sql) => fill(sql, expansionId, finishedPages))
  return { client, expansionId, next: finishedPages * pageSize }
}

async function fill(sql: Sql, expansionId: string, pages: number): Promise<void> {
  const items = Array.from({ length: pageSize }, (_, n) => String(n))
  await sql`alter table task_instance set (autovacuum_enabled = off)`
  await sql`alter table page set (autovacuum_enabled = off)`
  await sql`alter table item_key set (autovacuum_enabled = off)`
  await sql`
    insert into page (expansion_id, first_index, count, urgency, claimable, folded, claimed, finished, success, items)
    select ${expansionId}, p * ${pageSize}::int, ${pageSize}::int, 0, false, true, ${pageSize}::int, ${pageSize}::int,
      ${pageSize}::int, ${items}::text[]
    from generate_series(0, ${pages - 1}::int) p
  `
  await sql`
    insert into task_instance (expansion_id, map_index, started_at, ended_at, state, try_number, value)
    select ${expansionId}, i, now(), now(), 'success', 1, '1'
    from generate_series(0, ${pages * pageSize - 1}::int) i
  `
  await sql`
    insert into item_key (expansion_id, map_index, key)
    select ${expansionId}, i, 'key ' || i
    from generate_series(0, ${pages * pageSize - 1}::int) i
  `
  await sql`
    update expansion
    set state = 'open', epoch = 1, is_due = false, next_index = ${pages * pageSize}::int,
        created = ${pages * pageSize}::int, success = ${pages * pageSize}::int, opened_at = now()
    where id = ${expansionId}
  `
}

/** Rows that a statement read, by sequential scan or through an index, in whatever table. */
async function rowsRead(client: Client, use: (sql: Sql) => Promise<unknown>): Promise<number> {
  return client.run("cost", (sql) =>
    sql.begin(async (tx) => {
      const readSoFar = async () => {
        const rows = await tx<{ read: string }[]>`
          select coalesce(sum(seq_tup_read), 0) + coalesce(sum(idx_tup_fetch), 0) as read
          from pg_stat_xact_user_tables
        `
        return Number(rows[0]!.read)
      }
      const before = await readSoFar()
      await use(tx as unknown as Sql)
      return (await readSoFar()) - before
    }),
  )
}

/** What each verb of the hot path reads, in the order in which a page goes through them. */
async function costs(finishedPages: number): Promise<Record<string, number>> {
  const { client, expansionId, next } = await setup(finishedPages)
  const measured: Record<string, number> = {}
  const measure = async (name: string, use: (sql: Sql) => Promise<unknown>) => {
    measured[name] = await rowsRead(client, use)
  }
  const items = Array.from({ length: pageSize }, (_, n) => String(n))
  const page = {
    ...{
      expansionId,
      epoch: 1,
      items,
      keys: null,
      labels: null,
      gapPositions: [],
      gapStates: [],
      gapOrigins: [],
    },
    ...{ cursor: "1", exhausted: false, resume: null, pulls: 1 },
    ...{ consumedOrdinals: [], consumedIndexes: [], fusedSources: [] },
  }
  await measure("commitPage", (sql) => commitPage(sql, page))
  let leaseId = ""
  await measure("claim", async (sql) => {
    const options = { workerId: "w", limit: 2, leaseSeconds: 30, sizeDefault: 1000, sizeIds: [], sizes: [] }
    const turn = { heldIds: [], held: [], after: null, offersAfter: null, offersFirst: true, past: null }
    const { leases } = await claim(sql, { ...options, ...turn })
    expect(leases.map((lease) => Number(lease.firstIndex))).toEqual([next])
    leaseId = leases[0]!.leaseId!
  })
  const beat = { id: "worker/w", role: "worker", engine: "w", hostname: "h", pid: 1, info: {} }
  await client.run("beat", (sql) => upsertHeartbeat(sql, { ...beat, deadAfterSeconds: 20 }))
  await measure("rescueDead", (sql) => rescueDead(sql, { limit: 100, keepSeconds: 3_600 }))
  const values = `[${items.join(",")}]`
  await measure("complete", (sql) => completeWhole(sql, { workerId: "w", leaseId, values }))
  await measure("progress", (sql) => selectProgress(sql, expansionId))
  await measure("fold", (sql) => fold(sql, { expansionIds: [expansionId], limit: 100 }))
  await measure("due", (sql) => selectDue(sql, 100))
  await measure("readStream", (sql) => readStream(sql, { expansionId, fromIndex: next, limit: 50 }))
  await measure("readStream as it is completed", (sql) =>
    readStream(sql, { expansionId, fromIndex: next, ahead: [], limit: 50 }),
  )
  await measure("claim with nothing left", (sql) =>
    claim(sql, {
      workerId: "w",
      limit: 2,
      leaseSeconds: 30,
      sizeDefault: 1000,
      sizeIds: [],
      sizes: [],
      heldIds: [],
      held: [],
      after: expansionId,
      offersAfter: null,
      offersFirst: false,
      past: null,
    }),
  )
  const keys = items.map((item, n) => (n % 2 === 0 ? `key ${item}` : `new ${item}`))
  await measure("commitPage with keys", async (sql) => {
    const { progress } = await commitPage(sql, { ...page, keys })
    expect(Number(progress?.created)).toBe(next + pageSize + pageSize / 2)
  })
  return measured
}

it("no verb of the hot path reads more rows because more has finished, on tables never analysed", async () => {
  const small = await costs(10)
  const large = await costs(1_000)
  expect(large).toEqual(small)
  expect(small["claim"]).toBeGreaterThan(0)
  // Where nobody died, nobody's leases are looked at.
  expect(small["rescueDead"]).toBe(0)
})
