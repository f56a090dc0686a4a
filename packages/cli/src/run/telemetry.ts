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
