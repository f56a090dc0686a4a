import { join } from "node:path"
import { createClient } from "./client.ts"
import { startEmbedded } from "./embedded.ts"
import { checkDatabase, migrate } from "./migrate.ts"

/** The embedded server's folder, inside a project. */
export const embeddedFolder = join(".sluice", "postgres")

/** Which database a command works with. */
export interface DatabaseOptions {
  /** The user's own Postgres (`DATABASE_URL`); without it the project's embedded one. */
  readonly url?: string | undefined
  readonly projectDir: string
  /** Whether to migrate a database of the user's; an embedded one always is. */
  readonly migrate: boolean
}

/** A database that is reachable and migrated. */
export interface Database {
  readonly url: string
  readonly isEmbedded: boolean
  /** Lets it go; the last command to do so stops an embedded server. */
  close(): Promise<void>
}

/** Opens the database of a project, ready to be worked with. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  return options.url === undefined || options.url === ""
    ? openEmbedded(options.projectDir)
    : openGiven(options.url, options.migrate)
}

async function openGiven(url: string, mayMigrate: boolean): Promise<Database> {
  if (mayMigrate) await migrate({ url })
  else await check(url)
  return { url, isEmbedded: false, close: () => Promise.resolve() }
}

async function check(url: string): Promise<void> {
  const client = createClient({ url, max: 1, applicationName: "sluice check" })
  try {
    await checkDatabase(client)
  } finally {
    await client.close()
  }
}

async function openEmbedded(projectDir: string): Promise<Database> {
  const server = await startEmbedded({ dataDir: join(projectDir, embeddedFolder) })
  try {
    await migrate({ url: server.url })
  } catch (error) {
    await server.stop()
    throw error
  }
  return { url: server.url, isEmbedded: true, close: () => server.stop() }
}
