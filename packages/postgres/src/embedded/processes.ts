import { readFileSync, readlinkSync } from "node:fs"

/** Names a process for as long as the machine runs: its id alone would be given again. */
export function processName(pid: number): string {
  return `${pid}-${startTime(pid) ?? "0"}`
}

/** Says whether the process of that name still runs. */
export function isProcessAlive(name: string): boolean {
  const [pid, started] = name.split("-", 2)
  if (!isPidAlive(Number(pid))) return false
  const now = startTime(Number(pid))
  return now === undefined || started === "0" || now === started
}

/** Says whether some process has that id and is more than a zombie. */
export function isPidAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Not allowed to signal it: it lives, as another user.
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
  // A container whose first process does not reap keeps the dead as zombies.
  return statFields(pid)?.[0] !== "Z"
}

/** The folder a process works in, where the system tells. */
export function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

/** When a process started, in ticks since boot; only Linux tells. */
function startTime(pid: number): string | undefined {
  return statFields(pid)?.[19]
}

/** The fields of /proc/<pid>/stat from the third on: the second may hold spaces. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  } catch {
    return undefined
  }
}
