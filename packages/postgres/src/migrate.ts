/**
 * Brings a database to the shape this code needs: numbered `.sql` files, forward only.
 *
 * Each file is one transaction: an advisory lock, its row in `sluice_migration`,
 * then its statements. A crash at any line leaves it wholly applied or not at
 * all; many starters at once apply each file once. A file that was applied is
 * never edited: its checksum is compared, and a difference stops everything.
 */
import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Client, createClient, type Sql, sluiceSchema } from "./client.ts"
import { DatabaseError, endpointName } from "./errors.ts"

/** The oldest Postgres whose statements and settings we use. */
export const postgresVersionMin = 14

/** Waiting for another migrator is part of it, and so is rewriting a large table. */
const migrationDeadlineMs = 30 * 60_000

/** One number for all Sluice migrators of a database; any constant does that others do not use. */
const migrationLock = "7310589164250112"

/** A numbered file. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly checksum: string
  readonly text: string
}

/** A migration that the database has. */
export interface AppliedMigration {
  readonly version: number
  readonly name: string
  readonly checksum: string
  readonly appliedAt: Date
}

/** What a database has, and what it lacks. */
export interface MigrationStatus {
  readonly applied: readonly AppliedMigration[]
  readonly pending: readonly Migration[]
}

/** Where the files are and what to migrate. */
export interface MigrateOptions {
  readonly url: string
  readonly schema?: string
  /** Another folder of files; for tests. */
  readonly folder?: string
}

/** Applies what is pending, in order, and gives it. */
export async function migrate(options: MigrateOptions): Promise<readonly Migration[]> {
  const migrations = readMigrations(options.folder)
  const schema = options.schema ?? sluiceSchema
  return withMigrationClient(options, async (client) => {
    await checkServer(client)
    const { pending } = await statusOf(client, migrations)
    const applied: Migration[] = []
    for (const migration of pending) {
      if (await apply(client, { schema, migration, migrations })) applied.push(migration)
    }
    return applied
  })
}

/** Compares a database with the files; changes nothing. */
export async function migrationStatus(options: MigrateOptions): Promise<MigrationStatus> {
  const migrations = readMigrations(options.folder)
  return withMigrationClient(options, (client) => statusOf(client, migrations))
}

/**
 * Makes sure that a database can be worked with: reachable, new enough, migrated.
 *
 * Throws `DatabaseUnavailable` or `DatabaseError` whose message is one line with the remedy.
 */
export async function checkDatabase(client: Client, options: { folder?: string } = {}): Promise<void> {
  await checkServer(client)
  const { pending } = await statusOf(client, readMigrations(options.folder))
  const first = pending[0]
  if (first === undefined) return
  throw problem(
    client,
    `the database ${endpointName(client.endpoint)} is not migrated (${pending.length} pending, next ${first.name}); run \`sluice db migrate\``,
  )
}

/** Reads the migrations of a folder in their order; gaps, doubles and foreign files are refused. */
export function readMigrations(folder: string = migrationsFolder()): Migration[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".sql"))
  return names.sort().map((name, index) => readMigration(folder, name, index + 1))
}

/** Says in one word what a database with these files looks like; the same files give the same word. */
export function migrationsFingerprint(migrations: readonly Migration[]): string {
  const hash = createHash("sha256")
  for (const migration of migrations) hash.update(migration.checksum)
  return hash.digest("hex").slice(0, 12)
}

/** The package's own migrations; the same path from `src` and from `dist`, and beside a bundle. */
function migrationsFolder(): string {
  const places = ["../migrations", "./migrations"].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  )
  const found = places.find((path) => existsSync(path))
  if (found !== undefined) return found
  throw new Error(
    `the migrations of Sluice are missing: expected them in ${places.join(" or ")}. Reinstall it`,
  )
}

function readMigration(folder: string, name: string, expected: number): Migration {
  const version = Number(/^(\d{3,})_[a-z0-9_-]+\.sql$/.exec(name)?.[1])
  if (version !== expected) {
    const prefix = String(expected).padStart(3, "0")
    throw new Error(
      `${join(folder, name)}: expected a migration named ${prefix}_<name>.sql, numbers without gaps`,
    )
  }
  const text = readFileSync(join(folder, name), "utf8")
  // Line endings are git's affair, not a change of the migration.
  const checksum = createHash("sha256").update(text.replaceAll("\r\n", "\n")).digest("hex")
  return { version, name, checksum, text }
}

async function withMigrationClient<T>(
  options: MigrateOptions,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = createClient({
    url: options.url,
    max: 1,
    applicationName: "sluice migrate",
    ...(options.schema !== undefined && { schema: options.schema }),
  })
  try {
    return await use(client)
  } finally {
    await client.close()
  }
}

async function checkServer(client: Client): Promise<void> {
  const [row] = await client.run(
    "check database",
    (sql) => sql<{ version: string; number: number }[]>`
    select current_setting('server_version') as version,
      current_setting('server_version_num')::int as number
  `,
  )
  if (row !== undefined && row.number >= postgresVersionMin * 10_000) return
  throw problem(
    client,
    `Postgres at ${endpointName(client.endpoint)} is version ${row?.version ?? "unknown"}; Sluice needs ${postgresVersionMin} or newer`,
  )
}

async function statusOf(client: Client, migrations: readonly Migration[]): Promise<MigrationStatus> {
  await checkSearchPath(client)
  const applied = await client.run("read migrations", readApplied)
  compare(client, applied, migrations)
  return { applied, pending: migrations.slice(applied.length) }
}

/**
 * A pooler drops the settings of a connection: then a migrated database looks empty.
 *
 * The lookups see what commits between them, so the qualified one comes first: in the other order, a table that another
 * migrator commits just then would look hidden.
 */
async function checkSearchPath(client: Client): Promise<void> {
  const [row] = await client.run(
    "check search path",
    (sql) => sql<{ hidden: boolean }[]>`
    select case
      when to_regclass(${`${client.schema}.sluice_migration`}) is null then false
      else to_regclass('sluice_migration') is null
    end as hidden
  `,
  )
  if (row?.hidden !== true) return
  throw problem(
    client,
    `connections to ${endpointName(client.endpoint)} do not look into the schema ${client.schema}; ` +
      `set it where they are made, for PgBouncer: connect_query='set search_path to ${client.schema}'`,
  )
}

async function readApplied(sql: Sql): Promise<AppliedMigration[]> {
  const [table] = await sql<{ exists: boolean }[]>`
    select to_regclass('sluice_migration') is not null as exists
  `
  if (table?.exists !== true) return []
  return sql<AppliedMigration[]>`
    select version, name, checksum, applied_at
    from sluice_migration
    order by version
  `
}

/** Refuses a database that is newer than the code, or whose migrations are not those of the code. */
function compare(
  client: Client,
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
): void {
  for (const [index, had] of applied.entries()) {
    const known = migrations[index]
    if (known === undefined) {
      throw problem(
        client,
        `the database ${endpointName(client.endpoint)} is newer than this Sluice (it has ${had.name}); update Sluice`,
      )
    }
    if (known.checksum === had.checksum) continue
    throw problem(
      client,
      `migration ${had.name} of the database ${endpointName(client.endpoint)} differs from ${known.name} of this Sluice; ` +
        "an applied migration must not change: install the version that made the database, or start with an empty one",
    )
  }
}

interface ApplyOptions {
  readonly schema: string
  readonly migration: Migration
  readonly migrations: readonly Migration[]
}

/** Applies one migration, unless another migrator did so while we waited; says whether it was us. */
function apply(client: Client, options: ApplyOptions): Promise<boolean> {
  const { schema, migration, migrations } = options
  const operation = `migration ${migration.name}`
  const work = (sql: Sql) =>
    // A transaction is safe here: the connection is ours alone and never used again after a failure.
    sql.begin(async (transaction) => {
      const sql = transaction as unknown as Sql
      await sql`select pg_advisory_xact_lock(${migrationLock}::bigint)`
      await createTable(sql, schema)
      const applied = await readApplied(sql)
      compare(client, applied, migrations)
      if (applied.some((had) => had.version === migration.version)) return false
      await sql`
        insert into sluice_migration (version, name, checksum)
        values (${migration.version}, ${migration.name}, ${migration.checksum})
      `
      await sql.unsafe(migration.text)
      return true
    })
  return client.run(operation, work, { deadlineMs: migrationDeadlineMs })
}

async function createTable(sql: Sql, schema: string): Promise<void> {
  await sql`create schema if not exists ${sql(schema)}`
  await sql`
    create table if not exists sluice_migration (
      version int primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )
  `
}

function problem(client: Client, message: string): DatabaseError {
  return new DatabaseError(message, { operation: `check ${endpointName(client.endpoint)}` })
}
