import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs"
import { pollUntil } from "../deadline.ts"
import { isProcessAlive, processName } from "./processes.ts"

/** How long one waits for another who makes or starts a server; initdb on a slow disk takes a while. */
const lockDeadlineMs = 60_000
const lockPollMs = 10

/** A theft of a dead owner's lock takes microseconds; older marks are of a thief that died. */
const theftMaxMs = 5_000

/**
 * Runs `work` while no other process of this machine holds the same lock file.
 *
 * The file names its owner. A dead owner's file is removed by whoever finds it,
 * under a second file, so that two who find it cannot remove each other's new lock.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const held = await pollUntil(() => tryLock(path) || undefined, {
    everyMs: lockPollMs,
    deadlineMs: lockDeadlineMs,
  })
  if (held === undefined)
    throw new Error(`another process holds ${path} for more than 60 s; end it or remove the file`)
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

/** Takes the lock if it is free or its owner is dead. */
export function tryLock(path: string): boolean {
  if (createExclusively(path)) return true
  if (isOwnerAlive(path)) return false
  const theft = `${path}.theft`
  if (!createExclusively(theft)) {
    if (ageMs(theft) > theftMaxMs) rmSync(theft, { force: true })
    return false
  }
  try {
    // Asked again under the second lock: another may have taken it in between.
    if (isOwnerAlive(path)) return false
    rmSync(path, { force: true })
    return createExclusively(path)
  } finally {
    rmSync(theft, { force: true })
  }
}

function createExclusively(path: string): boolean {
  let file: number
  try {
    file = openSync(path, "wx", 0o644)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false
    throw error
  }
  try {
    writeSync(file, processName(process.pid))
  } finally {
    closeSync(file)
  }
  return true
}

function isOwnerAlive(path: string): boolean {
  try {
    const owner = readFileSync(path, "utf8")
    // Created but not yet written: its owner is at it, unless it died in that very moment.
    if (owner === "") return ageMs(path) < theftMaxMs
    return isProcessAlive(owner)
  } catch {
    return false
  }
}

function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs
  } catch {
    return 0
  }
}
