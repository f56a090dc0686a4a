/** What the operating system says of other processes: CPU, memory, bytes read. Linux only, like the figures. */
import { readdirSync, readFileSync } from "node:fs"

/** Clock ticks of /proc a second: fixed by the kernel's interface. */
const ticksPerSecond = 100

/** The CPU time of a process so far, in microseconds, all its threads. */
export function cpuUs(pid: number): number {
  let ns = 0
  for (const thread of list(`/proc/${pid}/task`)) {
    ns += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0] ?? 0)
  }
  return ns / 1_000
}

/** The CPU time of a process, of its living children and of those that have ended, in microseconds. */
export function familyCpuUs(pid: number): number {
  const living = childrenOf(pid).reduce((sum, child) => sum + cpuUs(child), cpuUs(pid))
  const fields = statOf(pid)
  const endedTicks = Number(fields[13] ?? 0) + Number(fields[14] ?? 0)
  return living + (endedTicks / ticksPerSecond) * 1e6
}

/** The processes that a process started, the oldest first. */
export function childrenOf(pid: number): number[] {
  return list("/proc")
    .map(Number)
    .filter((other) => Number.isInteger(other) && parentOf(other) === pid)
    .sort((a, b) => startOf(a) - startOf(b))
}

/** The process that started a process. */
export function parentOf(pid: number): number {
  return Number(statOf(pid)[1] ?? 0)
}

/** The most memory that a process has held so far, in bytes. */
export function peakRssBytes(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))
  return Number(line?.[1] ?? 0) * 1024
}

/** The bytes that a process has read so far, from files and sockets. */
export function bytesRead(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(read(`/proc/${pid}/io`))?.[1] ?? 0)
}

function startOf(pid: number): number {
  return Number(statOf(pid)[19] ?? 0)
}

/** The fields of /proc/<pid>/stat from the state on; the name before it may hold anything. */
function statOf(pid: number): string[] {
  const text = read(`/proc/${pid}/stat`)
  return text.slice(text.lastIndexOf(")") + 2).split(" ")
}

/** A process may end at any moment: then it has nothing. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
