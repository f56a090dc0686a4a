import { describe, expect, it } from "vitest"
import { completeEdge, mapped, sharedSource, streamEdge } from "./dag-fixture.ts"
import type { OpenStore, StoreHarness } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import {
  claim,
  claimOne,
  complete,
  createRun,
  decide,
  factsOf,
  failed,
  foldAll,
  openStream,
  openWorld,
  settle,
  viewOf,
} from "./world.ts"

/** Loops that are gone back in. */
export function loopContract(open: OpenStore): void {
  describe("a loop that is gone back in", () => {
    it("begins anew at an iteration, with those before it as they are, and what follows it as a whole", async () => {
      const loop = await brokenLoop(open)
      const { store, ids, run } = loop
      expect(await loop.rewind(2)).toEqual({
        reopened: [],
        reset: [ids["next"], ids["a"], ids["b"], ids["result"], ids["each"]],
      })
      expect(await runEffect(store.dagRunById(run.id))).toMatchObject({ state: "running" })
      expect(await read(store, ids["b"]!)).toEqual({
        items: [],
        nextIndex: 0,
        exhausted: false,
        isBroken: false,
      })
      await loop.clearAll()
      for (const task of ["next", "a", "b"]) {
        const view = await viewOf(store, run.id, ids[task]!)
        const counted = { created: 2, success: 2, failed: 0, upstreamFailed: 0 }
        expect(view).toMatchObject({ state: "waiting", cursor: "2", exhausted: false, ...counted })
      }
      expect(await read(store, ids["b"]!)).toMatchObject({ items: ["0", "1"], exhausted: false })
      expect(await viewOf(store, run.id, ids["each"]!)).toMatchObject({ created: 0, cursor: null })
      expect((await factsOf(store, ids["a"]!))!.upstream).toMatchObject({ opened: 0 })
    })

    it("goes on from there to its end, each iteration counted once", async () => {
      const loop = await brokenLoop(open)
      const { store, ids, run } = loop
      await loop.rewind(2)
      await loop.clearAll()
      await loop.open()
      const lease = await loop.iterate(2)
      expect(lease).toMatchObject({ firstIndex: 2, count: 1, tryNumber: 2, baseTry: 1 })
      await loop.end(["success", "success", "success"])
      expect(await viewOf(store, run.id, ids["b"]!)).toMatchObject({
        created: 3,
        success: 3,
        state: "success",
      })
      expect((await factsOf(store, ids["result"]!))!.upstream).toMatchObject({
        total: 1,
        success: 1,
        failed: 0,
      })
      const tries = await runEffect(store.taskTries({ expansionId: ids["a"]!, mapIndex: 2 }))
      expect(tries.map(({ tryNumber, state }) => [tryNumber, state])).toEqual([[1, "failed"]])
    })

    it("counts what no fold had counted yet, and of what goes nothing", async () => {
      const loop = await brokenLoop(open, { isFolded: false })
      const { store, ids, run } = loop
      await Promise.all([loop.rewind(1), foldAll(store), foldAll(store)])
      await loop.clearAll()
      await foldAll(store)
      for (const task of ["a", "b"])
        expect(await viewOf(store, run.id, ids[task]!)).toMatchObject({ created: 1, success: 1, failed: 0 })
      await loop.open()
      await loop.iterate(1)
      await foldAll(store)
      expect(await viewOf(store, run.id, ids["b"]!)).toMatchObject({ created: 2, success: 2 })
    })

    it("takes from who works on it what is of a later iteration", async () => {
      const loop = await brokenLoop(open, { isEnded: false })
      const { store, ids } = loop
      await loop.next.commit(["3"], at(4))
      await loop.a.commit(["3"], at(4))
      const lease = await claimOne(store)
      await loop.rewind(2)
      await expect(complete(store, lease)).rejects.toThrow()
      await expect(loop.next.commit(["4"], at(5))).rejects.toThrow()
      await loop.clearAll()
      expect(await claim(store)).toEqual([])
      expect(await read(store, ids["a"]!)).toMatchObject({ items: ["0", "1"] })
    })

    it("goes back to the first that anyone asks for, and says in the event log who asked", async () => {
      const loop = await brokenLoop(open)
      const { store, ids, run } = loop
      const both = [loop.asked(2), { ...loop.asked(1), event: "cleared" as const, actor: "bob" }]
      await runEffect(
        store.reopenRun({ dagRunId: run.id, resetsDownstream: true, readAnew: [], rewound: both }),
      )
      await loop.clearAll()
      expect(await viewOf(store, run.id, ids["a"]!)).toMatchObject({ created: 1, cursor: "1" })
      const events = await runEffect(store.listEvents({ dagRunId: run.id, before: null, limit: 10 }))
      const said = events.filter(({ event }) => event === "redriven" || event === "cleared")
      expect(Object.fromEntries(said.map(({ actor, taskId, detail }) => [actor, [taskId, detail]]))).toEqual({
        ada: ["a", { from: 2 }],
        bob: ["a", { from: 1 }],
      })
    })

    it("begins anew as a whole where something above it or beside it does", async () => {
      for (const above of ["start", "beside"]) {
        const loop = await brokenLoop(open)
        const { store, ids, run } = loop
        const again = { indexes: [-1], states: ["success"] as const, followers: [], actor: "ada" }
        await runEffect(
          store.redriveInstances({ ...again, expansionId: ids[above]!, event: "redriven" as const }),
        )
        const rewound = [loop.asked(2)]
        await runEffect(store.reopenRun({ dagRunId: run.id, resetsDownstream: true, readAnew: [], rewound }))
        await loop.clearAll()
        for (const task of ["next", "a", "b"])
          expect(await viewOf(store, run.id, ids[task]!)).toMatchObject({
            created: 0,
            success: 0,
            cursor: null,
          })
      }
    })

    it("is gone back in once, whoever asks at the same time", async () => {
      const loop = await brokenLoop(open)
      const all = await Promise.all(Array.from({ length: 4 }, () => loop.rewind(2)))
      expect(all.filter(({ reset }) => reset.length > 0)).toHaveLength(1)
      await loop.clearAll()
      expect(await viewOf(loop.store, loop.run.id, loop.ids["b"]!)).toMatchObject({ created: 2, success: 2 })
    })
  })
}

const at = (index: number) => ({ cursor: String(index) })

function read(store: StoreHarness["store"], expansionId: string) {
  return runEffect(store.readStream({ expansionId, fromIndex: 0, limit: 10 }))
}

/** A loop of two tasks whose third iteration failed in the first of them; the results are the iterations' numbers. */
async function brokenLoop(open: OpenStore, { isEnded = true, isFolded = true } = {}) {
  const world = await openWorld(open)
  const { store } = world
  const { run, ids } = await createRun(world, {
    tasks: [
      { taskId: "start" },
      { taskId: "beside" },
      sharedSource("next"),
      mapped("a"),
      mapped("b"),
      { taskId: "result", triggerRule: "none_failed" },
      mapped("each"),
    ],
    edges: [
      ...[completeEdge("start", "next"), completeEdge("beside", "b"), completeEdge("b", "result")],
      ...[streamEdge("next", "a"), streamEdge("a", "b"), streamEdge("b", "each")],
    ],
    loops: [{ loopId: "l", iterations: "next", body: ["a", "b"], ends: ["b"], maxIterations: 9 }],
  })
  for (const task of ["start", "beside"]) {
    await decide(store, ids[task]!, "draining")
    await complete(store, await claimOne(store))
    await foldAll(store)
    await decide(store, ids[task]!, "success")
  }
  const loop = new PlayedLoop(world, run, ids)
  await loop.open()
  await loop.iterate(0)
  await loop.iterate(1)
  if (isFolded) await foldAll(store)
  await loop.next.commit(["2"], at(3))
  await loop.a.commit(["2"], at(3))
  await complete(store, await claimOne(store), { indexes: [], values: "[]", exceptions: [failed(2)] })
  await loop.b.commit([null], at(3))
  if (isFolded) await foldAll(store)
  if (isEnded && isFolded) {
    await loop.end(["success", "failed", "upstream_failed"])
    await decide(store, ids["result"]!, "upstream_failed")
  }
  return loop
}

/** A loop that is played by hand. */
class PlayedLoop {
  readonly store: StoreHarness["store"]
  readonly run: Awaited<ReturnType<typeof createRun>>["run"]
  readonly ids: Readonly<Record<string, string>>
  next!: Awaited<ReturnType<typeof openStream>>
  a!: Awaited<ReturnType<typeof openStream>>
  b!: Awaited<ReturnType<typeof openStream>>

  constructor({ store }: StoreHarness, run: PlayedLoop["run"], ids: PlayedLoop["ids"]) {
    this.store = store
    this.run = run
    this.ids = ids
  }

  async open(): Promise<void> {
    this.next = await openStream(this.store, this.run.id, this.ids["next"]!)
    this.a = await openStream(this.store, this.run.id, this.ids["a"]!)
    this.b = await openStream(this.store, this.run.id, this.ids["b"]!)
    // Reads what the loop leaves: it has to begin anew with it.
    if ((await factsOf(this.store, this.ids["each"]!)) !== undefined)
      await openStream(this.store, this.run.id, this.ids["each"]!)
    await settle(this.store)
  }

  /** Plays an iteration that succeeds; gives the lease of its first task. */
  async iterate(index: number) {
    const item = [String(index)]
    const value = { values: JSON.stringify([index]) }
    await this.next.commit(item, at(index + 1))
    await this.a.commit(item, at(index + 1))
    const lease = await claimOne(this.store)
    await complete(this.store, lease, value)
    await this.b.commit(item, at(index + 1))
    await complete(this.store, await claimOne(this.store), value)
    return lease
  }

  /** Ends the streams, and the steps in these states. */
  async end(states: readonly ("success" | "failed" | "upstream_failed")[]): Promise<void> {
    for (const step of [this.next, this.a, this.b]) await step.commit([], { exhausted: true })
    await foldAll(this.store)
    for (const [nth, task] of ["next", "a", "b"].entries())
      await decide(this.store, this.ids[task]!, states[nth] ?? null)
  }

  asked(fromIndex: number) {
    const { ids } = this
    const expansionIds = ["next", "a", "b"].map((task) => ids[task]!)
    const detail = { from: fromIndex }
    return {
      expansionIds,
      fromIndex,
      expansionId: ids["a"]!,
      actor: "ada",
      event: "redriven" as const,
      detail,
    }
  }

  rewind(fromIndex: number) {
    const rewound = [this.asked(fromIndex)]
    return runEffect(
      this.store.reopenRun({ dagRunId: this.run.id, resetsDownstream: true, readAnew: [], rewound }),
    )
  }

  /** Removes what begins anew, in the smallest steps. */
  async clearAll(): Promise<void> {
    while (await runEffect(this.store.clearPages({ limit: 1 }))) continue
  }
}
