/**
 * A Postgres of the project's own, for when there is no `DATABASE_URL`.
 *
 * One server serves all commands that name the same folder. It is detached, so it
 * lives on when the command that started it ends or is killed; the next start
 * adopts it. Each user leaves a lease file, and who leaves last stops it. All
 * changes (make, start, stop) happen under one lock file.
 */
import { readFileSync, rmSync } from "node:fs"
import { addLease, countLeases, removeLease } from "./embedded/leases.ts"
import { tryLock, withLock } from "./embedded/lock.ts"
import { openPlace, type Place } from "./embedded/place.ts"
import {
  askServerToStop,
  embeddedUser,
  findServer,
  type RunningServer,
  startServer,
  stopServer,
} from "./embedded/server.ts"

/** Where to keep the server, and how to run it. */
export interface EmbeddedOptions {
  /** The folder that stands for the server: `.sluice/postgres` of a project. */
  readonly dataDir: string
  /** Further settings of Postgres, for tests and benches. */
  readonly settings?: Readonly<Record<string, string>>
}

/** A server in use by this process. */
export interface EmbeddedServer {
  /** The URL of its database `postgres`. */
  readonly url: string
  /** It ran already: another command's, or the orphan of one that was killed. */
  readonly adopted: boolean
  /** Where its files are; not always `dataDir` (see place.ts). */
  readonly folder: string
  /** Ends this use, and the server when it was the last. Again does nothing. */
  stop(): Promise<void>
}

/** Gives the server of a folder: the one that runs, or a new one. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const place = openPlace(options.dataDir)
  return withLock(place.lock, async () => {
    const running = await findServer(place)
    const server = running ?? (await startServer(place, options.settings))
    const use = openUse(place)
    return {
      url: urlOf(place, server),
      adopted: running !== undefined,
      folder: place.root,
      stop: () => use.end(),
    }
  })
}

/**
 * Keeps the server of a folder alive, if one is started, until it is let go.
 *
 * For a process that only looks after others who start and stop it: a test run's parent.
 */
export function holdEmbedded(options: EmbeddedOptions): { release(): Promise<void> } {
  const use = openUse(openPlace(options.dataDir))
  return { release: () => use.end() }
}

function urlOf(place: Place, server: RunningServer): string {
  const password = readFileSync(place.password, "utf8").trim()
  return `postgres://${embeddedUser}:${password}@127.0.0.1:${server.port}/postgres`
}

/** A lease, and the duty of the last to stop the server; also when the process ends without a word. */
function openUse(place: Place): { end(): Promise<void> } {
  const lease = addLease(place.users)
  const atExit = () => leaveAtExit(place, lease)
  process.once("exit", atExit)
  let ending: Promise<void> | undefined
  const leave = async () => {
    process.off("exit", atExit)
    await withLock(place.lock, async () => {
      removeLease(lease)
      if (countLeases(place.users) === 0) await stopServer(place)
    })
  }
  return { end: () => (ending ??= leave()) }
}

/** All that can be done in an exit handler: without waiting. Who holds the lock will look after the server. */
function leaveAtExit(place: Place, lease: string): void {
  removeLease(lease)
  if (!tryLock(place.lock)) return
  try {
    if (countLeases(place.users) === 0) askServerToStop(place)
  } finally {
    rmSync(place.lock, { force: true })
  }
}
