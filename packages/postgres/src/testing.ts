/**
 * A real Postgres for tests: one server for all workers of a run, one template
 * that is migrated once, one clone of it per test file.
 *
 * The server starts with the first who asks and stops with the last who leaves,
 * also when workers are killed. What killed workers left behind is dropped by the next run.
 */
import { createHash, randomBytes } from "node:crypto"
import { hostname, tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { type Client, createClient, type Sql } from "./client.ts"
import { type EmbeddedServer, holdEmbedded, startEmbedded } from "./embedded.ts"
import { isProcessAlive, processName } from "./embedded/processes.ts"
import { migrate, migrationsFingerprint, readMigrations } from "./migrate.ts"

/** A database of a test's own. */
export interface TestDatabase {
  readonly url: string
  /** Drops it, with whatever is still connected. Again does nothing. */
  drop(): Promise<void>
}

/** What a test database is made with. */
export interface TestDatabaseOptions {
  /** `false` gives an empty database. */
  readonly migrated?: boolean
  /** Another folder of migrations. */
  readonly folder?: string
}

/** Templates of earlier states of the migrations that are kept, for branches that are switched between. */
const templatesMax = 16

/** Serialises those who make the template. */
const templateLock = "7310589164250113"
const templateDeadlineMs = 120_000

/** Throwaway data: nothing to save from a power cut. The server's own crash still loses nothing. */
const testSettings = { fsync: "off", max_connections: "200" }

const thisHost = createHash("sha256").update(hostname()).digest("hex").slice(0, 6)

/** Gives a migrated database of its own, in a few hundredths of a second once the server runs. */
export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = await useServer()
  try {
    const name = await makeDatabase(server, options)
    let dropping: Promise<void> | undefined
    return {
      url: withDatabase(server.url, name),
      drop: () => (dropping ??= dropAndLeave(server, name)),
    }
  } catch (error) {
    await leaveServer()
    throw error
  }
}

/**
 * Keeps the test server running between test files until it is released; starts none itself.
 *
 * For the process that runs the workers, so that each file does not start the server anew.
 */
export function holdTestServer(): { release(): Promise<void> } {
  if (externalUrl() !== undefined) return { release: () => Promise.resolve() }
  return holdEmbedded({ dataDir: testFolder() })
}

interface TestServer {
  readonly url: string
  readonly admin: Client
  readonly embedded: EmbeddedServer | undefined
}

/** The server as this process uses it: opened with the first database, left with the last. */
let opened: Promise<TestServer> | undefined
let users = 0

function useServer(): Promise<TestServer> {
  users++
  return (opened ??= openServer())
}

async function leaveServer(): Promise<void> {
  users--
  if (users > 0 || opened === undefined) return
  const leaving = opened
  opened = undefined
  const server = await leaving.catch(() => undefined)
  await server?.admin.close()
  await server?.embedded?.stop()
}

async function openServer(): Promise<TestServer> {
  const external = externalUrl()
  const embedded = external === undefined ? await startEmbedded(embeddedOptions()) : undefined
  const url = embedded?.url ?? external ?? ""
  const admin = createClient({ url, max: 2, applicationName: "sluice test" })
  await dropStale(admin)
  return { url, admin, embedded }
}

function embeddedOptions() {
  return { dataDir: testFolder(), settings: testSettings }
}

/** One per user of the machine, outside any checkout: the templates tell the checkouts apart. */
function testFolder(): string {
  return join(tmpdir(), `sluice-test-${userInfo().uid}`)
}

function externalUrl(): string | undefined {
  return process.env["SLUICE_TEST_DATABASE_URL"] || undefined
}

async function makeDatabase(server: TestServer, options: TestDatabaseOptions): Promise<string> {
  const owner = processName(process.pid).replace("-", "_")
  const name = `sluice_test_${thisHost}_${owner}_${randomBytes(4).toString("hex")}`
  const template = options.migrated === false ? "template0" : await useTemplate(server, options.folder)
  await administer(server.admin, "create test database", async (sql) => {
    await sql`create database ${sql(name)} template ${sql(template)}`
  })
  return name
}

async function dropAndLeave(server: TestServer, name: string): Promise<void> {
  try {
    await administer(server.admin, "drop test database", async (sql) => {
      await sql`drop database if exists ${sql(name)} with (force)`
    })
  } finally {
    await leaveServer()
  }
}

/** The template of these migrations, made by the first who needs it. */
async function useTemplate(server: TestServer, folder: string | undefined): Promise<string> {
  const template = `sluice_template_${migrationsFingerprint(readMigrations(folder))}`
  await administer(server.admin, "make template database", async (sql) => {
    if (await exists(sql, template)) return
    await sql`select pg_advisory_lock(${templateLock}::bigint)`
    try {
      if (!(await exists(sql, template))) await makeTemplate(sql, { server, template, folder })
    } finally {
      await sql`select pg_advisory_unlock(${templateLock}::bigint)`
    }
  })
  return template
}

interface TemplateOptions {
  readonly server: TestServer
  readonly template: string
  readonly folder: string | undefined
}

/** Migrates under another name first, so that a template that exists is whole. */
async function makeTemplate(sql: Sql, options: TemplateOptions): Promise<void> {
  const { server, template, folder } = options
  const unfinished = `${template}_unfinished`
  await sql`drop database if exists ${sql(unfinished)} with (force)`
  await sql`create database ${sql(unfinished)} template template0`
  await migrate({ url: withDatabase(server.url, unfinished), ...(folder !== undefined && { folder }) })
  await sql`alter database ${sql(unfinished)} rename to ${sql(template)}`
  await dropOldTemplates(sql)
}

async function dropOldTemplates(sql: Sql): Promise<void> {
  const old = await sql<{ name: string }[]>`
    select datname as name
    from pg_database
    where datname ~ '^sluice_template_[0-9a-f]+$'
    order by oid desc
    offset ${templatesMax}
  `
  for (const { name } of old) await dropUnused(sql, name)
}

/** Drops what processes of this machine left behind that no longer live. */
async function dropStale(admin: Client): Promise<void> {
  await administer(admin, "drop stale test databases", async (sql) => {
    const found = await sql<{ name: string }[]>`
      select datname as name
      from pg_database
      where starts_with(datname, ${`sluice_test_${thisHost}_`})
    `
    for (const { name } of found) {
      const [pid, started] = name.split("_").slice(3)
      if (!isProcessAlive(`${pid}-${started}`)) await dropUnused(sql, name)
    }
  })
}

/** Drops a database if it is there and nobody uses it: another may be doing the same. */
async function dropUnused(sql: Sql, name: string): Promise<void> {
  await sql`drop database if exists ${sql(name)}`.catch(() => undefined)
}

async function exists(sql: Sql, name: string): Promise<boolean> {
  const rows = await sql`select 1 from pg_database where datname = ${name}`
  return rows.length > 0
}

function administer(admin: Client, operation: string, use: (sql: Sql) => Promise<void>): Promise<void> {
  return admin.run(operation, use, { deadlineMs: templateDeadlineMs })
}

function withDatabase(url: string, name: string): string {
  const parsed = new URL(url)
  parsed.pathname = `/${name}`
  return parsed.href
}
