import { Effect } from "effect"
import type { EngineProcess } from "./engine-process.ts"
import type { TimedFault } from "./faults.ts"
import type { SimulatedHost } from "./simulated-host.ts"
import type { Cluster } from "./simulated-store.ts"
import { noteFault } from "./world.ts"

/** How many hosts of an engine may be killed from outside: each may cost the instances in it a try. */
const hostDeathsMax = 3

/** What timed faults act on. */
interface Surroundings {
  readonly cluster: Cluster
  readonly die: (process: EngineProcess) => void
  readonly stop: (process: EngineProcess) => void
  readonly runs: readonly string[]
}

/** Lets the timed faults of a world come at their instants. */
export function startTimedFaults(around: Surroundings): void {
  const { world } = around.cluster
  let hostDeaths = 0
  for (const fault of world.plan.timed) {
    world.time.after(fault.atMs, () => {
      if (fault.kind !== "killHost") happen(around, fault)
      else if (hostDeaths < hostDeathsMax && killHost(around, fault)) hostDeaths += 1
    })
  }
}

function happen(around: Surroundings, fault: Exclude<TimedFault, { kind: "killHost" }>): void {
  if (fault.kind === "cancel") return cancel(around, fault)
  const process = pickLive(around.cluster, fault.engine)
  if (process === null) return
  if (fault.kind === "pause") pause(around.cluster, process, fault.forMs)
  else if (fault.kind === "kill") around.die(process)
  else around.stop(process)
}

function pickLive({ processes }: Cluster, number: number): EngineProcess | null {
  const live = processes.filter(({ state }) => state === "running")
  return live[number % Math.max(1, live.length)] ?? null
}

function pause({ world }: Cluster, process: EngineProcess, forMs: number): void {
  noteFault(world, `${process.name} is stopped for ${forMs} ms`)
  process.pause()
  world.time.after(forMs, () => {
    world.log.add(`${process.name} goes on`)
    process.goOn()
  })
}

function killHost({ cluster }: Surroundings, fault: Extract<TimedFault, { kind: "killHost" }>): boolean {
  const process = pickLive(cluster, fault.engine)
  const hosts: readonly SimulatedHost[] = process?.hosts?.hosts ?? []
  const host = hosts[fault.host % Math.max(1, hosts.length)]
  if (host === undefined) return false
  noteFault(cluster.world, `${host.name} is killed`)
  host.die("was killed")
  return true
}

/** Cancels a run as an operator does, and takes it up again later. */
function cancel(
  { cluster, runs }: Pick<Surroundings, "cluster" | "runs">,
  fault: Extract<TimedFault, { kind: "cancel" }>,
): void {
  const { world, store, checker } = cluster
  const dagRunId = runs[fault.run % runs.length] ?? ""
  const options = { dagRunId, note: "cancelled by the simulation", actor: "simulation" }
  const check = checker.before({ verb: "cancelDagRun", args: [options] })
  const exit = Effect.runSyncExit(store.cancelDagRun(options))
  check(exit)
  noteFault(world, `run ${dagRunId} is cancelled for ${fault.forMs} ms`)
  for (const process of cluster.processes) process.hear("control")
  world.time.after(fault.forMs, () => {
    const resume = { dagRunId, actor: "simulation" }
    const checkResumed = checker.before({ verb: "resumeDagRun", args: [resume] })
    checkResumed(Effect.runSyncExit(store.resumeDagRun(resume)))
    noteFault(world, `run ${dagRunId} is resumed`)
    const { times, forMs } = fault
    if (times > 1) world.time.after(forMs, () => cancel({ cluster, runs }, { ...fault, times: times - 1 }))
    for (const process of cluster.processes)
      for (const topic of ["due", "open", "work", "trigger"] as const) process.hear(topic)
  })
}
