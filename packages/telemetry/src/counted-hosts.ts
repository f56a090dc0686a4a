import { HostLost, type HostPool } from "@sluice/core/engine"
import type { Metrics } from "./metrics.ts"

/** Wraps hosts so that leases, pulls and losses are counted. */
export function countHosts(hosts: HostPool, metrics: Metrics): HostPool {
  const lost = (error: unknown) => {
    if (error instanceof HostLost) metrics.hostsLost.inc()
  }
  return {
    run: async (options) => {
      const end = metrics.leaseSeconds.startTimer()
      metrics.leasesRunning.inc()
      try {
        await hosts.run(options)
      } catch (error) {
        lost(error)
        throw error
      } finally {
        metrics.leasesRunning.dec()
        end()
      }
    },
    pull: async (options) => {
      const end = metrics.pullSeconds.startTimer()
      try {
        const page = await hosts.pull(options)
        end({ result: "page" })
        return page
      } catch (error) {
        end({ result: "failed" })
        lost(error)
        throw error
      }
    },
    runTrigger: async (options) => {
      try {
        return await hosts.runTrigger(options)
      } catch (error) {
        lost(error)
        throw error
      }
    },
    warm: () => hosts.warm(),
    closeStream: (contextId) => hosts.closeStream(contextId),
    describe: (bundle, options) => hosts.describe(bundle, options),
    close: (options) => hosts.close(options),
  }
}
