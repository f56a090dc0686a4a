import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest"
import { type Client, createClient, type Sql } from "./client.ts"
import { DatabaseError, DatabaseUnavailable } from "./errors.ts"
import { checkDatabase, migrate, migrationStatus, readMigrations } from "./migrate.ts"
import { type TestDatabase, testDatabase } from "./testing.ts"

let shared: TestDatabase
beforeAll(async () => {
  // Keeps the server up between the databases of single tests.
  shared = await testDatabase({ migrated: false })
})
afterAll(() => shared.drop())

const first = "create table thing (id bigint primary key);\ninsert into thing values (1);\n"
const second = "alter table thing add column name text not null default 'x';\n"

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-migrations-"))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function setup(files: Record<string, string> = { "001_first.sql": first, "002_second.sql": second }) {
  const database = await testDatabase({ migrated: false })
  const client = createClient({ url: database.url, max: 1, applicationName: "migrate test" })
  onTestFinished(async () => {
    await client.close()
    await database.drop()
  })
  return { url: database.url, folder: folderOf(files), client }
}

function query(client: Client, use: (sql: Sql) => Promise<unknown>) {
  return client.run("query", use)
}

it("applies files in order, once, in a schema of its own", async () => {
  const { url, folder, client } = await setup()
  expect((await migrate({ url, folder })).map(({ name }) => name)).toEqual([
    "001_first.sql",
    "002_second.sql",
  ])
  expect(await migrate({ url, folder })).toEqual([])
  expect(await query(client, (sql) => sql`select id, name from sluice.thing`)).toEqual([
    { id: "1", name: "x" },
  ])
  expect(await query(client, (sql) => sql`select to_regclass('public.thing') as public`)).toEqual([
    { public: null },
  ])
  await checkDatabase(client, { folder })
  const { applied, pending } = await migrationStatus({ url, folder })
  expect(pending).toEqual([])
  expect(applied.map(({ version }) => version)).toEqual([1, 2])
  expect(applied[0]!.appliedAt).toBeInstanceOf(Date)
})

it("applies each file once when six start at the same moment", async () => {
  const { url, folder, client } = await setup()
  const applied = await Promise.all(Array.from({ length: 6 }, () => migrate({ url, folder })))
  expect(applied.flat()).toHaveLength(2)
  expect(new Set(applied.flat().map(({ version }) => version))).toEqual(new Set([1, 2]))
  expect(await query(client, (sql) => sql`select count(*)::int as count from thing`)).toEqual([{ count: 1 }])
})

it("leaves nothing of a file that fails, and keeps those before it", async () => {
  const broken = "create table half (id int);\nselect 1 / 0;\n"
  const { url, folder, client } = await setup({ "001_first.sql": first, "002_broken.sql": broken })
  const error = (await migrate({ url, folder }).catch((error: unknown) => error)) as Error
  expect(error).toBeInstanceOf(DatabaseError)
  expect(error.message).toMatch(/migration 002_broken\.sql: division by zero/)
  expect(await query(client, (sql) => sql`select to_regclass('half') as half`)).toEqual([{ half: null }])
  const { applied, pending } = await migrationStatus({ url, folder })
  expect([applied.length, pending.length]).toEqual([1, 1])
})

it("refuses an applied migration that was edited, but not its line endings", async () => {
  const { url, folder } = await setup()
  await migrate({ url, folder })
  writeFileSync(join(folder, "002_second.sql"), second.replaceAll("\n", "\r\n"))
  expect(await migrate({ url, folder })).toEqual([])
  writeFileSync(join(folder, "002_second.sql"), `${second}-- edited\n`)
  await expect(migrate({ url, folder })).rejects.toThrow(/002_second\.sql of the database .* differs/)
})

it("refuses a database that is newer than the code", async () => {
  const { url, folder, client } = await setup()
  await migrate({ url, folder })
  const older = folderOf({ "001_first.sql": first })
  await expect(checkDatabase(client, { folder: older })).rejects.toThrow(
    /is newer than this Sluice \(it has 002_second\.sql\)/,
  )
  await expect(migrate({ url, folder: older })).rejects.toThrow(DatabaseError)
})

it("says in one line that a database is not migrated, without the password", async () => {
  const { url, folder, client } = await setup()
  const error = (await checkDatabase(client, { folder }).catch((error: unknown) => error)) as Error
  const { host, pathname, password } = new URL(url)
  expect(error.message).toBe(
    `the database ${host}${pathname} is not migrated (2 pending, next 001_first.sql); run \`sluice db migrate\``,
  )
  expect(error.message).not.toContain(password)
})

it("says in one line that connections do not look into the schema", async () => {
  const { url, folder } = await setup()
  await migrate({ url, folder })
  const pooled = createClient({ url: `${url}?search_path=public`, max: 1, applicationName: "pooled" })
  onTestFinished(() => pooled.close())
  await expect(checkDatabase(pooled, { folder })).rejects.toThrow(
    /do not look into the schema sluice; .*connect_query/,
  )
})

it("says in one line that the server refuses a setting, as one that is too old does", async () => {
  const folder = folderOf({ "001_first.sql": first })
  const failing = migrate({ url: `${shared.url}?no_such_setting=1`, folder })
  await expect(failing).rejects.toThrow(/no_such_setting.*needs Postgres 14 or newer/)
})

it("tells a database that is away from one that is wrong", async () => {
  const folder = folderOf({ "001_first.sql": first })
  const away = migrate({ url: "postgres://u:secret@127.0.0.1:1/db", folder })
  await expect(away).rejects.toBeInstanceOf(DatabaseUnavailable)
  await expect(away).rejects.toThrow(/127\.0\.0\.1:1\/db refuses connections/)
  const missing = new URL(shared.url)
  missing.pathname = "/missing"
  await expect(migrate({ url: missing.href, folder })).rejects.toThrow(/database "missing" does not exist/)
})

it.each([
  ["a gap", { "001_a.sql": "", "003_c.sql": "" }],
  ["a double", { "001_a.sql": "", "001_b.sql": "" }],
  ["another form of name", { "001_a.sql": "", "two.sql": "" }],
])("refuses a folder with %s in its numbers", (_, files) => {
  expect(() => readMigrations(folderOf(files))).toThrow(/expected a migration named 002_<name>\.sql/)
})

it("finds the package's own migrations", async () => {
  const own = readMigrations()
  expect(own[0]?.name).toBe("001_initial.sql")
  const { url, client } = await setup()
  await migrate({ url })
  await checkDatabase(client)
  const copy = folderOf({})
  cpSync(new URL("../migrations", import.meta.url), copy, { recursive: true })
  expect(readMigrations(copy).map(({ checksum }) => checksum)).toEqual(own.map(({ checksum }) => checksum))
})
