import type { HostPool, TurnObserver } from "@sluice/core/engine"
import type { MetricsText } from "@sluice/telemetry"
import type { CliContext } from "../context.ts"
import { Problem } from "../problem.ts"
import type { Session } from "../session.ts"

/** What a process counts of its work. */
export interface Telemetry {
  /** The session, with its store counted. */
  readonly session: Session
  readonly turns: TurnObserver
  readonly countHosts: (hosts: HostPool & { readonly hostCount: () => number }) => HostPool
  /** What this process counts. */
  readonly read: () => Promise<MetricsText>
  /** And what is under way in the database. */
  readonly readLive: () => Promise<MetricsText>
}

/** Counts what is done over a session. Loaded only where somebody asks: the library takes longer than a short command. */
export async function openTelemetry(session: Session): Promise<Telemetry> {
  const telemetry = await import("@sluice/telemetry")
  const metrics = telemetry.makeMetrics()
  const store = telemetry.countStore(session.store, metrics)
  return {
    session: { ...session, store },
    turns: telemetry.countTurns(metrics),
    countHosts: (hosts) => {
      metrics.ofHosts(hosts.hostCount)
      return telemetry.countHosts(hosts, metrics)
    },
    read: () => telemetry.readMetrics(metrics),
    readLive: () => telemetry.readLiveMetrics(metrics, store),
  }
}

/** A session and hosts whose work is traced, where the environment asks for it. */
export interface Traced {
  readonly session: Session
  readonly traceHosts: (hosts: HostPool) => HostPool
  readonly close: () => Promise<void>
}

/** Traces what is done over a session, where `OTEL_EXPORTER_OTLP_ENDPOINT` says whom to tell; else it costs nothing. */
export async function openTraced({ env, err }: CliContext, session: Session): Promise<Traced> {
  const untraced = { session, traceHosts: (hosts: HostPool) => hosts, close: () => Promise.resolve() }
  if (traceVariables.every((name) => (env[name] ?? "") === "")) return untraced
  const { asksForTraces, openTraces, tracePackages, TracesNotInstalled } = await import("@sluice/telemetry")
  if (!asksForTraces(env)) return untraced
  const traces = await openTraces().catch((error: unknown) => {
    if (error instanceof TracesNotInstalled) return null
    throw error
  })
  if (traces === null) {
    // The variable is often there for others: it is no reason to do nothing.
    await err.line(
      `warning: nothing is traced; what sends traces is not installed. Fix: npm install ${tracePackages.join(" ")}`,
    )
    return untraced
  }
  const { traceHosts, close } = traces
  return { session: { ...session, store: traces.traceStore(session.store) }, traceHosts, close }
}

const traceVariables = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]

/** Serves the metrics of an engine to this machine, and says where. */
export async function startMetrics(
  { out }: CliContext,
  { read }: Telemetry,
  options: { readonly port: number; readonly json: boolean },
): Promise<{ close(): Promise<void> }> {
  const { serveMetrics } = await import("@sluice/telemetry")
  const server = await serveMetrics(options.port, read).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") throw error
    throw new Problem(`something listens on port ${options.port} already`, {
      fix: "choose another --metrics-port",
    })
  })
  await out.line(
    options.json ? JSON.stringify({ type: "metrics", url: server.url }) : `metrics at ${server.url}`,
  )
  return server
}
