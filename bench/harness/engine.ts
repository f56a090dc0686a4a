/** Engine processes, started and measured from outside. */
import { randomUUID } from "node:crypto"
import { type Child, startChild } from "./child.ts"
import type { BenchServer } from "./database.ts"
import type { RunAnswer, RunQuestion } from "./engine-process.ts"
import { bytesRead, childrenOf, cpuUs, peakRssBytes } from "./processes.ts"

/** CPU microseconds of each part. */
export interface CpuUse {
  readonly engineUs: number
  readonly hostsUs: number
  readonly postgresUs: number
}

/** A run with what it cost. */
export interface MeasuredRun extends RunAnswer, CpuUse {
  readonly walBytes: number
  /** What the engine's process read, from the database above all. */
  readonly bytesRead: number
}

/** An engine with all its roles, in a process of its own. */
export interface EngineProcess {
  readonly pid: number
  /** Runs a DAG to its end; throws unless it succeeds within its windows. */
  run(question: Omit<RunQuestion, "runId">): Promise<MeasuredRun>
  /** The processes it started: the first pulls sources, the others run items. */
  hosts(): number[]
  stop(): Promise<void>
}

/** Starts an engine on a database. */
export function startEngine(
  server: BenchServer,
  url: string,
  options: { nodeOptions?: readonly string[]; workers?: number } = {},
): EngineProcess {
  const children: Child<RunQuestion, RunAnswer>[] = []
  const add = (roles: string) =>
    children.push(
      startChild("./engine-process.ts", {
        args: [url, roles],
        ...(options.nodeOptions && { nodeOptions: options.nodeOptions }),
      }),
    )
  add("")
  for (let worker = 1; worker < (options.workers ?? 1); worker++) add("worker")
  const [engine] = children as [Child<RunQuestion, RunAnswer>]
  return {
    pid: engine.pid,
    hosts: () => childrenOf(engine.pid),
    stop: async () => void (await Promise.all(children.map((child) => child.stop()))),
    run: async (question) => {
      const pids = children.map((child) => child.pid)
      await server.checkpoint()
      const before = await look(server, pids)
      const answer = await engine.ask({ ...question, runId: randomUUID() })
      const after = await look(server, pids)
      check(answer)
      return {
        ...answer,
        engineUs: after.engineUs - before.engineUs,
        hostsUs: after.hostsUs - before.hostsUs,
        postgresUs: after.postgresUs - before.postgresUs,
        walBytes: after.walBytes - before.walBytes,
        bytesRead: after.bytesRead - before.bytesRead,
      }
    },
  }
}

/** Adds up what the processes have used so far. */
async function look(server: BenchServer, pids: readonly number[]) {
  const hosts = pids.flatMap(childrenOf)
  return {
    engineUs: sum(pids.map(cpuUs)),
    hostsUs: sum(hosts.map(cpuUs)),
    postgresUs: server.cpuUs(),
    walBytes: await server.walBytes(),
    bytesRead: sum(pids.map(bytesRead)),
  }
}

/** A run that failed, or broke its window, has no figures. */
function check(answer: RunAnswer): void {
  if (answer.state !== "success") throw new Error(`the run ended ${answer.state}: ${JSON.stringify(answer)}`)
  for (const { taskId, window, unfinishedPeak } of answer.expansions) {
    if (window !== null && unfinishedPeak > window) {
      throw new Error(
        `task "${taskId}" had ${unfinishedPeak} instances unfinished, over its window of ${window}`,
      )
    }
  }
}

/** The most memory that each process of an engine has held, in bytes. */
export function peakRssOf(engine: EngineProcess): { engine: number; pullHost: number; itemHosts: number[] } {
  const [pullHost, ...itemHosts] = engine.hosts().map(peakRssBytes)
  return { engine: peakRssBytes(engine.pid), pullHost: pullHost ?? 0, itemHosts }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
