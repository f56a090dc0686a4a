/**
 * A Postgres of the bench's own, as durable as in production (fsync on), thrown away afterwards.
 *
 * Each opponent gets a database of its own on the same server.
 */
import { readdirSync, rmSync } from "node:fs"
import { mkdir } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Client, createClient, migrate, openDatabase } from "@sluice/postgres"
import { familyCpuUs, parentOf } from "./processes.ts"

const folderPrefix = "sluice-bench-"

/** The server that a bench measures on. */
export interface BenchServer {
  /** Makes a migrated database and gives its URL. */
  createDatabase(name: string): Promise<string>
  /** CPU time of the whole server so far, in microseconds. */
  cpuUs(): number
  /** How many bytes of WAL have been written so far. */
  walBytes(): Promise<number>
  /** Writes a checkpoint, so that none falls into a measurement by chance and each starts alike. */
  checkpoint(): Promise<void>
  /** What the figures depend on. */
  settings(): Promise<{ fsync: string; version: string }>
  close(): Promise<void>
}

/** Starts a server in the system's temporary folder. */
export async function startServer(): Promise<BenchServer> {
  removeStale()
  const folder = join(tmpdir(), `${folderPrefix}${process.pid}`)
  // Others may pass through: as root, the server runs as another user.
  await mkdir(folder, { recursive: true, mode: 0o711 })
  const database = await openDatabase({ projectDir: folder, migrate: true })
  const admin = createClient({ url: database.url, applicationName: "sluice bench", max: 1 })
  const one = async <A>(query: string): Promise<A> =>
    (await admin.run("bench", (sql) => sql.unsafe<{ value: A }[]>(query), { deadlineMs: 120_000 }))[0]
      ?.value as A
  const serverPid = parentOf(await one<number>("select pg_backend_pid() as value"))
  return {
    createDatabase: (name) => createDatabase(admin, database.url, name),
    cpuUs: () => familyCpuUs(serverPid),
    walBytes: async () => Number(await one<string>("select pg_current_wal_insert_lsn() - '0/0' as value")),
    checkpoint: async () => void (await one("checkpoint")),
    settings: async () => ({
      fsync: await one<string>("select current_setting('fsync') as value"),
      version: await one<string>("select current_setting('server_version') as value"),
    }),
    close: async () => {
      await admin.close()
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function createDatabase(admin: Client, serverUrl: string, name: string): Promise<string> {
  await admin.run("bench", (sql) => sql`create database ${sql(name)}`, { deadlineMs: 60_000 })
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  await migrate({ url: url.href })
  return url.href
}

/** Removes what benches left behind that were killed. */
function removeStale(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(name.slice(folderPrefix.length))
    if (!name.startsWith(folderPrefix) || !Number.isInteger(pid) || isAlive(pid)) continue
    rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}
