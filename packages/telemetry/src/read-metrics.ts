import type { StoreService } from "@sluice/core/store"
import { Effect } from "effect"
import type { Metrics } from "./metrics.ts"

/** Metrics as Prometheus reads them. */
export interface MetricsText {
  readonly contentType: string
  readonly text: string
}

/** Gives the metrics of a process. */
export async function readMetrics({ registry }: Metrics): Promise<MetricsText> {
  return { contentType: registry.contentType, text: await registry.metrics() }
}

/** The most processes that are counted. */
const processesMax = 10_000

/** Gives the metrics of a process with what is under way in its database: for the one that is asked for all. */
export async function readLiveMetrics(
  metrics: Metrics,
  store: Pick<StoreService, "liveCounts" | "listRoles">,
): Promise<MetricsText> {
  const [counts, roles] = await Promise.all([
    Effect.runPromise(store.liveCounts),
    Effect.runPromise(store.listRoles({ limit: processesMax })),
  ])
  metrics.runs.set({ state: "queued" }, counts.queuedRuns)
  metrics.runs.set({ state: "running" }, counts.runningRuns)
  metrics.openStreams.set(counts.openStreams)
  metrics.window.set(counts.window)
  metrics.windowUsed.set(counts.windowUsed)
  metrics.items.set({ state: "deferred" }, counts.deferred)
  metrics.items.set({ state: "leased" }, counts.leased)
  metrics.items.set({ state: "waiting" }, Math.max(0, counts.unfinished - counts.deferred - counts.leased))
  metrics.leasesHeld.set(counts.leases)
  metrics.queueSeconds.set(counts.waitedSeconds)
  metrics.processes.reset()
  for (const { role, isAlive } of roles) metrics.processes.inc({ role, status: isAlive ? "alive" : "dead" })
  return readMetrics(metrics)
}
