import { describe, expect, it } from "vitest"
import type { Gate } from "../../state/gate.ts"
import type { GateVerdict } from "../../state/gate.ts"
import { completeEdge } from "./dag-fixture.ts"
import type { OpenStore, StoreHarness } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import { claimOne, complete, createRun, decide, factsOf, foldAll, openWorld, viewOf } from "./world.ts"

// pick decides over a and b; below a is c, over which it decides as well, but not over d.
const gate: Gate = { kind: "short_circuit", targets: [1, 2, 3] }
const tasks = [
  { taskId: "pick", gate },
  { taskId: "a", gatesAbove: 1 },
  { taskId: "b", gatesAbove: 1 },
  { taskId: "c", gatesAbove: 1 },
  { taskId: "d" },
]
const edges = [
  completeEdge("pick", "a"),
  completeEdge("pick", "b"),
  completeEdge("a", "c"),
  completeEdge("b", "d"),
]

/** What a gate's end says of its targets. */
export function gateContract(open: OpenStore): void {
  describe("a gate", () => {
    it("gives the scheduler what it returned, once its instance has ended", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { ids } = await createRun(world, { tasks, edges })
      expect(await factsOf(store, ids["pick"]!)).toMatchObject({ gate: { gate, result: null } })
      await runPick(world, ids["pick"]!)
      const facts = (await factsOf(store, ids["pick"]!))!
      expect(facts.gate?.gate).toEqual(gate)
      expect(JSON.parse(facts.gate?.result ?? "")).toEqual(["a"])
    })

    it("is waited for by its targets, and tells each of them, in the statement that ends it", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { ids } = await createRun(world, { tasks, edges })
      await runPick(world, ids["pick"]!)
      await end(world, ids["pick"]!, { skips: [2], fails: [3] })
      const gatesOf = async (taskId: string) => (await factsOf(store, ids[taskId]!))?.gates
      expect(await gatesOf("a")).toEqual({ left: 0, skips: 0, fails: 0 })
      expect(await gatesOf("b")).toEqual({ left: 0, skips: 1, fails: 0 })
      // Not directly below it, and due all the same.
      expect(await gatesOf("c")).toEqual({ left: 0, skips: 0, fails: 1 })
      expect(await gatesOf("d")).toBeUndefined()
    })

    it("that is refused, since its facts have moved on, says nothing", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { ids } = await createRun(world, { tasks, edges })
      const { seq } = (await factsOf(store, ids["pick"]!))!
      await decide(store, ids["pick"]!, "draining")
      const verdict = { skips: [1], fails: [] }
      const late = { expansionId: ids["pick"]!, seq, from: "waiting", to: "skipped", verdict } as const
      expect(await runEffect(store.decideExpansion(late))).toMatchObject({ isDone: false })
      expect(await factsOf(store, ids["a"]!)).toBeUndefined()
    })

    it.each([true, false])(
      "that runs again takes back what it said (and what is below it begins anew: %s)",
      async (resetsDownstream) => {
        const world = await openWorld(open)
        const { store } = world
        const { run, ids } = await createRun(world, { tasks, edges })
        await runPick(world, ids["pick"]!)
        await end(world, ids["pick"]!, { skips: [1, 3], fails: [] })
        await decide(store, ids["a"]!, "skipped")
        await decide(store, ids["c"]!, "skipped")
        const again = {
          expansionId: ids["pick"]!,
          indexes: [-1],
          states: ["success"] as const,
          followers: [],
        }
        await runEffect(store.redriveInstances({ ...again, actor: "ann", event: "redriven" }))
        const reopened = await runEffect(
          store.reopenRun({ dagRunId: run.id, resetsDownstream, readAnew: [] }),
        )
        const anew = resetsDownstream ? [ids["a"], ids["c"]] : []
        expect(reopened).toEqual({ reopened: [ids["pick"]], reset: anew })
        while (await runEffect(store.clearPages({ limit: 10 })));
        const left = { left: 1, skips: 0, fails: 0 }
        if (resetsDownstream) expect(await factsOf(store, ids["a"]!)).toMatchObject({ gates: left })
        expect((await factsOf(store, ids["b"]!))?.gates ?? left).toEqual(left)
        await complete(store, await claimOne(store), { indexes: [-1], values: '["b"]' })
        await foldAll(store)
        await end(world, ids["pick"]!, { skips: [2], fails: [] })
        expect(await factsOf(store, ids["b"]!)).toMatchObject({
          state: "waiting",
          gates: { left: 0, skips: 1, fails: 0 },
          upstream: { total: 1, success: 1 },
        })
        if (resetsDownstream)
          expect(await factsOf(store, ids["c"]!)).toMatchObject({ gates: { left: 0, skips: 0 } })
      },
    )
  })
}

/** What is left of a run in which work lies between a setup and its teardown. */
export function setupContract(open: OpenStore): void {
  const setup: Gate = { kind: "setup", targets: [1, 2], direct: [1] }
  const scoped = {
    tasks: [
      { taskId: "make", setupTeardown: "setup", gate: setup },
      { taskId: "a", gatesAbove: 1 },
      { taskId: "b", gatesAbove: 1, decidesRun: true },
      { taskId: "undo", setupTeardown: "teardown", triggerRule: "all_done_setup_success", decidesRun: false },
      { taskId: "side" },
    ],
    edges: [
      completeEdge("make", "a"),
      completeEdge("a", "b"),
      completeEdge("b", "undo"),
      completeEdge("make", "undo"),
      completeEdge("make", "side"),
    ],
  } as const

  describe("a setup", () => {
    it.each([
      ["success", { setups: 1, setupSuccess: 1, setupSkipped: 0 }],
      ["skipped", { setups: 1, setupSuccess: 0, setupSkipped: 1 }],
      ["upstream_failed", { setups: 1, setupSuccess: 0, setupSkipped: 0 }],
    ] as const)("that ended as %s is counted as one by its teardown", async (to, counted) => {
      const world = await openWorld(open)
      const { ids } = await createRun(world, scoped)
      await (to === "success" ? succeed(world, ids["make"]!) : decide(world.store, ids["make"]!, to))
      expect((await factsOf(world.store, ids["undo"]!))!.upstream).toMatchObject({ total: 2, ...counted })
      expect((await factsOf(world.store, ids["a"]!))!.upstream).toMatchObject({ total: 1, setups: 1 })
    })

    it.each([true, false])(
      "that was undone begins anew with the work that runs again, and so does its teardown (with all below: %s)",
      async (resetsDownstream) => {
        const world = await openWorld(open)
        const { store } = world
        const { run, ids } = await createRun(world, scoped)
        for (const taskId of ["make", "a", "b", "undo", "side"]) await succeed(world, ids[taskId]!)
        const redriven = {
          expansionId: ids["a"]!,
          indexes: [-1],
          states: ["success"] as const,
          followers: [],
        }
        await runEffect(store.redriveInstances({ ...redriven, actor: "ann", event: "cleared" }))
        const asked = { dagRunId: run.id, resetsDownstream, readAnew: [] }
        const all = resetsDownstream ? ["make", "a", "b", "undo"] : ["make", "a", "undo"]
        expect(await runEffect(store.reopenRun(asked))).toEqual({
          reopened: [],
          reset: all.map((taskId) => ids[taskId]!),
        })
        while (await runEffect(store.clearPages({ limit: 10 })));
        expect(await factsOf(store, ids["undo"]!)).toMatchObject({
          state: "waiting",
          upstream: { total: 2, success: resetsDownstream ? 0 : 1, setupSuccess: 0 },
        })
        await succeed(world, ids["make"]!)
        expect(await factsOf(store, ids["a"]!)).toMatchObject({ state: "waiting", gates: { left: 0 } })
        expect((await viewOf(store, run.id, ids["side"]!)).state).toBe("success")
      },
    )

    it("that still stands is left as it is", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, scoped)
      for (const taskId of ["make", "a"]) await succeed(world, ids[taskId]!)
      const redriven = { expansionId: ids["a"]!, indexes: [-1], states: ["success"] as const, followers: [] }
      await runEffect(store.redriveInstances({ ...redriven, actor: "ann", event: "cleared" }))
      const asked = { dagRunId: run.id, resetsDownstream: true, readAnew: [] }
      expect(await runEffect(store.reopenRun(asked))).toEqual({ reopened: [ids["a"]], reset: [] })
    })
  })

  describe("a run", () => {
    it("fails with the tasks that decide it, and with no others", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { run, ids } = await createRun(world, scoped)
      await decide(store, ids["make"]!, "skipped")
      for (const taskId of ["a", "undo"]) await decide(store, ids[taskId]!, "upstream_failed")
      expect(await runEffect(store.runCounts(run.id))).toMatchObject({ leavesFailed: 0 })
      await decide(store, ids["b"]!, "upstream_failed")
      expect(await runEffect(store.runCounts(run.id))).toMatchObject({ leavesFailed: 1 })
    })
  })
}

/** Runs the one instance of a task, and ends it; a gate says nothing against its targets. */
async function succeed(world: StoreHarness, expansionId: string): Promise<void> {
  const { store } = world
  await decide(store, expansionId, "draining")
  await complete(store, await claimOne(store))
  await foldAll(store)
  await end(world, expansionId, { skips: [], fails: [] })
}

/** Runs the one instance of the gate, which returns `["a"]`. */
async function runPick({ store }: StoreHarness, expansionId: string): Promise<void> {
  await decide(store, expansionId, "draining")
  await complete(store, await claimOne(store), { values: '[["a"]]' })
  await foldAll(store)
}

async function end({ store }: StoreHarness, expansionId: string, verdict: GateVerdict): Promise<void> {
  const { seq, state } = (await factsOf(store, expansionId))!
  const decision = { expansionId, seq, from: state, to: "success", verdict } as const
  expect(await runEffect(store.decideExpansion(decision))).toMatchObject({ isDone: true })
}
