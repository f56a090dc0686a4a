/**
 * Who uses a server: one file per user, named after its process.
 *
 * A process that was killed leaves its file; it is not counted, and removed by
 * the next who looks. So the last one out is known without any of them being reliable.
 */
import { randomBytes } from "node:crypto"
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { isProcessAlive, processName } from "./processes.ts"

/** Writes down that this process uses the server; gives the file that says so. */
export function addLease(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, `${processName(process.pid)}-${randomBytes(4).toString("hex")}`)
  writeFileSync(file, "", { mode: 0o600 })
  return file
}

/** Takes a lease back; again does nothing. */
export function removeLease(file: string): void {
  rmSync(file, { force: true })
}

/** Counts the leases of living processes, and removes the others. */
export function countLeases(folder: string): number {
  let count = 0
  for (const name of listLeases(folder)) {
    if (isProcessAlive(name)) count++
    else removeLease(join(folder, name))
  }
  return count
}

function listLeases(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
