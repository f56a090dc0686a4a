import { describe, expect, it } from "vitest"
import { mapped, streamEdge } from "./dag-fixture.ts"
import type { OpenStore } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import {
  claimOne,
  complete,
  createRun,
  deferred,
  failed,
  foldAll,
  items,
  openStream,
  openWorld,
} from "./world.ts"

/** What is under way. */
export function liveContract(open: OpenStore): void {
  describe("what is under way", () => {
    it("is nothing where nothing runs", async () => {
      const { store } = await openWorld(open)
      const counts = await runEffect(store.liveCounts)
      expect(new Set(Object.values(counts))).toEqual(new Set([0]))
    })

    it("is counted over all unfinished runs, folded or not", async () => {
      const harness = await openWorld(open)
      const { store } = harness
      const tasks = [
        mapped("load", { mapping: { window: 50 } }),
        mapped("write", { mapping: { window: 70 } }),
      ]
      const edges = [streamEdge("load", "write")]
      const { run, ids } = await createRun(harness, { dagId: "a", tasks, edges })
      const map = await openStream(store, run.id, ids["load"]!)
      await map.commit(items(10))
      await map.commit(items(10))
      const [first, second] = [await claimOne(store), await claimOne(store, { sizeDefault: 5 })]
      await complete(store, first, { exceptions: [failed(3)] })
      await foldAll(store)
      await complete(store, second, { indexes: [10], exceptions: [deferred(11)] })
      const counts = await runEffect(store.liveCounts)
      expect(counts).toMatchObject({
        ...{ queuedRuns: 0, runningRuns: 1, openStreams: 1 },
        ...{ window: 50, windowUsed: 9, unfinished: 9, leases: 1, leased: 3, deferred: 1 },
      })
      expect(counts.waitedSeconds).toBeGreaterThanOrEqual(0)
      await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "enough", actor: "test" }))
      expect(await runEffect(store.liveCounts)).toMatchObject({
        runningRuns: 0,
        openStreams: 0,
        unfinished: 0,
      })
    })
  })
}
