import { readdirSync, readFileSync } from "node:fs"

/** The most memory that processes have held, in bytes. */
export interface PeakMemory {
  readonly engine: number
  /** The largest of the hosts; null where the system does not tell. */
  readonly host: number | null
}

/** The kernel keeps each process's peak; hosts are looked at while they live. */
const lookEveryMs = 500

/** Watches the peak memory of this process and of its hosts, until asked. */
export function watchMemory(): { stop(): PeakMemory } {
  let host: number | null = null
  const look = () => {
    for (const pid of hostPids()) host = Math.max(host ?? 0, peakOf(pid) ?? 0)
  }
  const timer = setInterval(look, lookEveryMs)
  return {
    stop: () => {
      look()
      clearInterval(timer)
      return { engine: peakOf(process.pid) ?? process.resourceUsage().maxRSS * 1024, host }
    },
  }
}

/** A host calls itself so; before it does, its entry file tells. */
const hostCommand = /sluice-host|host[\\/](src|dist)[\\/]child/

function hostPids(): number[] {
  return childPids().filter((pid) => hostCommand.test(read(`/proc/${pid}/cmdline`) ?? ""))
}

function childPids(): number[] {
  try {
    return readdirSync(`/proc/${process.pid}/task`).flatMap((thread) =>
      (read(`/proc/${process.pid}/task/${thread}/children`) ?? "").split(" ").filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}

function peakOf(pid: number): number | null {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`) ?? "")?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) * 1024
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return null
  }
}
