/**
 * An engine as a process of its own: plays its roles until a signal, then runs out and gives the rest back.
 *
 * However it ends, nothing is lost: what it had no time to give back is taken from it when it is silent for too long.
 */
import { engineDefaults, type EngineRole, engineRoles, type HostPool } from "@sluice/core/engine"
import type { CliContext } from "../context.ts"
import type { EngineLog } from "../engine-log.ts"
import { exitCodes, UsageProblem } from "../problem.ts"
import { openHosts, type Session, type SessionOptions, startEngine, withSession } from "../session.ts"
import type { DagFileNews, DagFolder } from "./dag-files.ts"
import { readRetention } from "./retention.ts"
import type { ApiOptions } from "./serve-api.ts"
import { openTelemetry, openTraced, startMetrics, type Telemetry } from "./telemetry.ts"
import { listenForInterrupts, untilAborted } from "./interrupts.ts"

/** What to play, and how to end. */
export interface EngineProcessOptions {
  readonly session: SessionOptions
  readonly roles: readonly EngineRole[]
  /** How long what runs may take to end after the first signal. */
  readonly graceMs: number
  readonly concurrency: number | undefined
  /** DAG files that are watched as well. */
  readonly dags?: DagFolder
  /** Where its metrics are served, to this machine. */
  readonly metricsPort?: number | undefined
  /** Where the API is served as well. */
  readonly api?: ApiOptions
  readonly json: boolean
}

/** Reads role names with commas between; all where none is named. */
export function readRoles(text: string | undefined): readonly EngineRole[] {
  if (text === undefined) return engineRoles
  const names = [...new Set(text.split(",").map((name) => name.trim()))]
  const unknown = names.find((name) => !(engineRoles as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new UsageProblem(`--roles: "${unknown}" came`, {
      expected: `some of ${engineRoles.join(", ")}, with commas between`,
    })
  return names as EngineRole[]
}

/** Roles that run user code. */
const rolesWithHosts: readonly EngineRole[] = ["expander", "worker", "triggerer"]

/** Runs it; resolves when it has stopped in order. */
export async function runEngineProcess(context: CliContext, options: EngineProcessOptions): Promise<void> {
  const retention = readRetention(context.env)
  const interrupts = listenForInterrupts(() => process.exit(exitCodes.interrupted))
  try {
    await withSession(options.session, async (opened) => {
      const isCounted = options.metricsPort !== undefined || options.api !== undefined
      const traced = await openTraced(context, opened)
      const telemetry = isCounted ? await openTelemetry(traced.session) : null
      const session = telemetry?.session ?? traced.session
      // A database that cannot be used is told now, and not by loops that try for ever.
      await session.call(session.store.listRoles({ limit: 1 }))
      const isWarm = options.roles.some((role) => rolesWithHosts.includes(role))
      const pool = openHosts(session, {}, { isWarm })
      const hosts = traced.traceHosts(telemetry?.countHosts(pool) ?? pool)
      const log = (level: string, message: string, details: string | null) =>
        void context.err.line(`${level}: ${message}${details === null ? "" : `\n${details}`}`)
      const { name } = engineDefaults
      const { roles, concurrency, dags } = options
      const played = [
        ...roles,
        ...(dags === undefined ? [] : ["dag-processor"]),
        ...(options.api === undefined ? [] : ["api"]),
      ]
      // First, so that a port that is taken is told before anything runs.
      const api =
        options.api &&
        (await (await import("./serve-api.ts")).startApi(context, options.api, session, telemetry))
      const metrics = telemetry && (await startMetricsOf(context, options, telemetry))
      const engine = startEngine(session, hosts, log, {
        name,
        roles,
        retention,
        drain: interrupts.signal,
        ...(concurrency !== undefined && { concurrency }),
        ...(telemetry !== null && { turns: telemetry.turns }),
      })
      const say = (type: string, words: string) =>
        tell(context, options, { type, engine: name, roles: played }, words)
      const processor = dags && (await watchDagFiles(context, options, { session, hosts, dags, name, log }))
      await say("started", `engine ${name} plays ${played.join(", ")}`)
      try {
        await Promise.race([untilAborted(interrupts.signal), engine.broken])
        await say("stopping", `stopping: what runs has ${options.graceMs / 1000} s to end`)
        await Promise.all([processor?.stop(), api?.close()])
        const isDrained = await within(options.graceMs, engine.drained)
        await engine.stop()
        await Promise.all([metrics?.close(), traced.close()])
        const how = isDrained ? "everything it held is recorded" : "what was left is given back"
        await say("stopped", `engine ${name} stopped: ${how}`)
      } catch (error) {
        await Promise.all([processor?.stop(), api?.close(), metrics?.close()])
        await engine.stop()
        await traced.close()
        throw error
      }
    })
  } finally {
    interrupts.close()
  }
}

async function startMetricsOf(
  context: CliContext,
  { metricsPort: port, json }: EngineProcessOptions,
  telemetry: Telemetry,
): Promise<{ close(): Promise<void> } | null> {
  if (port === undefined) return null
  return startMetrics(context, telemetry, { port, json })
}

/** The bundler, like the API, takes longer to load than all the rest: an engine that needs neither does not wait for them. */
async function watchDagFiles(
  { out }: CliContext,
  { json }: EngineProcessOptions,
  around: {
    readonly session: Session
    readonly hosts: HostPool
    readonly dags: DagFolder
    readonly name: string
    readonly log: EngineLog
  },
): Promise<{ stop(): Promise<void> }> {
  const { newsJson, newsLine, startDagProcessor } = await import("./dag-files.ts")
  const { session, hosts, dags, name, log } = around
  const onNews = (news: DagFileNews) => void out.line(json ? JSON.stringify(newsJson(news)) : newsLine(news))
  return startDagProcessor(session, hosts, { ...dags, name, log, onNews })
}

function tell(
  { out }: CliContext,
  { json }: EngineProcessOptions,
  fields: { type: string; engine: string; roles: readonly string[] },
  words: string,
): Promise<void> {
  return out.line(json ? JSON.stringify({ ...fields, pid: process.pid, at: new Date() }) : words)
}

/** Whether something ended in time. */
async function within(ms: number, ended: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  const isInTime = await Promise.race([ended.then(() => true), late])
  clearTimeout(timer)
  return isInTime
}
