import type { StoreHarness } from "@sluice/core/testing"
import { afterAll } from "vitest"
import { type Client, createClient } from "./client.ts"
import { type OpenStore, openStore } from "./open-store.ts"
import { type TestDatabase, testDatabase } from "./testing.ts"

/** Moves the database's clock on by moving what is stored back. */
const shifts = [
  "update dag set parse_claimed_until = parse_claimed_until - make_interval(secs => $1)",
  "update lease set expires_at = expires_at - make_interval(secs => $1)",
  "update trigger set fire_at = fire_at - make_interval(secs => $1), timeout_at = timeout_at - make_interval(secs => $1)",
  "update triggerer set expires_at = expires_at - make_interval(secs => $1)",
  "update leader set expires_at = expires_at - make_interval(secs => $1)",
  "update repair set at = at - make_interval(secs => $1)",
  "update offer set at = at - make_interval(secs => $1)",
  "update page set created_at = created_at - make_interval(secs => $1)",
  "update expansion set pull_after = pull_after - make_interval(secs => $1), runner_expires_at = runner_expires_at - make_interval(secs => $1)",
  "update dag_run set timeout_at = timeout_at - make_interval(secs => $1)",
  "update role set heartbeat_at = heartbeat_at - make_interval(secs => $1), expires_at = expires_at - make_interval(secs => $1), died_at = died_at - make_interval(secs => $1)",
]

/** A migrated database with its clock, used by one test after another. */
interface Place {
  readonly database: TestDatabase
  readonly client: Client
}

/** The places that no test uses now, emptied; as many as a file's tests ever used at once. */
const idle: Place[] = []

afterAll(async () => {
  await Promise.all(
    idle.splice(0).map(async ({ client, database }) => {
      await client.close()
      await database.drop()
    }),
  )
})

/**
 * Opens a store on a database that is empty and no other test's.
 *
 * A database is emptied and used again within a file: to make one costs several times what most tests do in it.
 */
export async function openTestStore(): Promise<StoreHarness> {
  const place = idle.pop() ?? (await makePlace())
  const opened: OpenStore = openStore({ url: place.database.url, applicationName: "contract" })
  return {
    store: opened.store,
    elapse: async (ms) => {
      for (const shift of shifts) await place.client.run("elapse", (sql) => sql.unsafe(shift, [ms / 1000]))
    },
    close: async () => {
      await opened.close()
      await empty(place.client)
      idle.push(place)
    },
  }
}

async function makePlace(): Promise<Place> {
  const database = await testDatabase()
  return { database, client: createClient({ url: database.url, max: 1, applicationName: "clock" }) }
}

/** Removes every row of every table, and starts the numbering anew. */
async function empty(client: Client): Promise<void> {
  await client.run("empty", async (sql) => {
    const tables = await sql<{ name: string }[]>`
      select format('%I.%I', schemaname, tablename) as name
      from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema') and tablename <> 'sluice_migration'
    `
    await sql.unsafe(`truncate ${tables.map(({ name }) => name).join(", ")} restart identity cascade`)
    // What the migrations put there.
    await sql`insert into pool (name) values ('default_pool')`
  })
}
