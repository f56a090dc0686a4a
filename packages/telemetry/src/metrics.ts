import type { TurnObserver } from "@sluice/core/engine"
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client"

/** Seconds from half a millisecond to half a minute. */
const seconds = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Seconds from five milliseconds to six hours: work waits long where there are few workers. */
const waitSeconds = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 21_600,
]

/**
 * What a process counts, by Prometheus' names.
 *
 * Labels are names out of this code, never of a run, a task or an item: however much runs, there are as many series.
 */
export type Metrics = ReturnType<typeof makeMetrics>

/** Makes the metrics of one process. */
export function makeMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name: `sluice_${name}`, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name: `sluice_${name}`, help, labelNames, registers })
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    buckets = seconds,
  ) => new Histogram({ name: `sluice_${name}`, help, labelNames, buckets, registers })
  let hostCount = () => 0
  return {
    registry,
    /** Says how the processes of user code are counted. */
    ofHosts: (count: () => number) => {
      hostCount = count
    },
    turnSeconds: histogram("turn_seconds", "What a turn of a loop took, its waits left out.", ["loop"]),
    turnFailures: counter("turn_failures_total", "Turns of a loop that failed.", ["loop"]),
    storeSeconds: histogram("store_call_seconds", "What a call to the database took.", ["operation"]),
    storeErrors: counter("store_errors_total", "Calls to the database that failed.", ["operation", "error"]),
    pullSeconds: histogram("pull_seconds", "What it took to pull a page from user code.", ["result"]),
    pages: counter("pages_committed_total", "Pages that were committed."),
    discovered: counter("items_committed_total", "Items of the pages that were committed."),
    ended: counter("items_recorded_total", "Instances whose outcome was recorded.", ["state"]),
    leases: counter("leases_claimed_total", "Leases that were claimed."),
    claimWaitSeconds: histogram(
      "claim_wait_seconds",
      "How long work waited to be claimed: once for each lease, however many instances it has. page: since it was committed; offer: since it was due.",
      ["kind"],
      waitSeconds,
    ),
    leasesRunning: gauge("leases_running", "Leases that run in the hosts of this process."),
    leaseSeconds: histogram("lease_seconds", "What a lease took in its host."),
    hosts: new Gauge({
      name: "sluice_hosts",
      help: "Processes of user code.",
      registers,
      collect() {
        this.set(hostCount())
      },
    }),
    hostsLost: counter("hosts_lost_total", "Calls that ended with the loss of their host."),
    pruned: counter("rows_pruned_total", "Rows of deleted runs that were removed."),
    runs: gauge("runs", "Unfinished runs.", ["state"]),
    openStreams: gauge("streams_open", "Maps and sources whose stream goes on."),
    window: gauge("window_size", "The windows of open maps, together."),
    windowUsed: gauge("window_used", "Unfinished instances of open maps, together."),
    items: gauge("items", "Instances of unfinished runs that have not ended.", ["state"]),
    leasesHeld: gauge("leases_held", "Leases that anybody holds."),
    queueSeconds: gauge("queue_seconds", "How long the page has waited longest that is claimed next."),
    processes: gauge("processes", "Processes of a role that have been heard of.", ["role", "status"]),
  }
}

/** Makes an observer that counts the turns of loops. */
export function countTurns({ turnSeconds, turnFailures }: Metrics): TurnObserver {
  return (loop, { workedMs, isFailed }) => {
    turnSeconds.observe({ loop }, workedMs / 1000)
    if (isFailed) turnFailures.inc({ loop })
  }
}
