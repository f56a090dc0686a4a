import { fc, it } from "@fast-check/vitest"
import { Effect, Logger } from "effect"
import { describe, expect } from "vitest"
import { StoreUnavailable } from "../store/errors.ts"
import { makeMemoryStore } from "../store/memory.ts"
import type { Leadership } from "../store/planner-store.ts"
import type { StoreService } from "../store/store.ts"
import { serializedDag } from "../testing/store-contract/dag-fixture.ts"
import { type AssetCondition, isSatisfied, namesOf } from "../time/asset-condition.ts"
import { planOnce } from "./planner.ts"

const names = ["a", "b", "c"]
const [a, b, c] = names.map((asset) => ({ asset }))

/** DAGs with conditions of each kind, by their ids. */
const conditions: Readonly<Record<string, AssetCondition>> = {
  one: a!,
  both: { all: [a!, b!] },
  either: { any: [b!, c!] },
  mixed: { any: [{ all: [a!, c!] }, b!] },
}

async function setup(planning: { maxActiveRuns: number }) {
  let now = Date.parse("2026-03-29T00:00:00Z")
  const store = makeMemoryStore({ now: () => now })
  for (const [dagId, assets] of Object.entries(conditions)) {
    const definitions = names.map((name) => ({ name }))
    const dag = serializedDag({ dagId, tasks: [], assets: definitions, planning: { ...planning, assets } })
    await Effect.runPromise(store.registerDag({ dag, bundle: { hash: "b", code: "", sourceMap: null } }))
  }
  return { store, elapse: (ms: number) => (now += ms) }
}

type World = Awaited<ReturnType<typeof setup>>

async function emit(store: StoreService, name: string): Promise<void> {
  const { id } = await Effect.runPromise(store.asset({ name }))
  await Effect.runPromise(store.emitAssetEvent({ assetId: id, extra: {}, actor: "test" }))
}

/** Lets a planner work until nothing is due. */
async function planAll({ store, elapse }: World): Promise<void> {
  elapse(31_000)
  const epoch = await Effect.runPromise(store.lead({ role: "planner", holder: "last", leaseSeconds: 30 }))
  const leadership = { role: "planner", holder: "last", epoch: epoch! }
  const turn = planOnce(store, leadership).pipe(Effect.provide(Logger.layer([])))
  while ((await Effect.runPromise(turn)).idleMs === 0);
}

async function endRuns({ store }: World): Promise<void> {
  for (const run of await Effect.runPromise(store.listDagRuns({ states: ["running"], limit: 1000 }))) {
    await Effect.runPromise(store.cancelDagRun({ dagRunId: run.id, note: "ended", actor: "test" }))
  }
  await Effect.runPromise(store.admitDagRuns({ limit: 1000 }))
}

/** A store that is gone after some calls: the last one may have been done, and nobody hears of it. */
function dyingStore(store: StoreService, death: { calls: number; isDone: boolean }): StoreService {
  let left = death.calls
  const gone = Effect.fail(new StoreUnavailable({ operation: "any", message: "the process is dead" }))
  const mortal = <A, E>(call: Effect.Effect<A, E>) =>
    Effect.suspend(() => {
      left -= 1
      if (left > 0) return Effect.andThen(Effect.yieldNow, call)
      return left === 0 && death.isDone ? Effect.andThen(call, gone) : gone
    })
  return {
    ...store,
    takeAssetEvents: (options) => mortal(store.takeAssetEvents(options)),
    dueAssetDags: (options) => mortal(store.dueAssetDags(options)),
    moveAssetDag: (options) => mortal(store.moveAssetDag(options)),
  }
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("emit" as const), name: fc.constantFrom(...names) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("turns" as const),
      planners: fc.array(
        fc.record({
          holder: fc.constantFrom("p1", "p2"),
          calls: fc.integer({ min: 1, max: 12 }),
          isDone: fc.boolean(),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("downtime" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("pause" as const),
      dagId: fc.constantFrom(...Object.keys(conditions)),
      isPaused: fc.boolean(),
    }),
  },
)

type Step = typeof step extends fc.Arbitrary<infer A> ? A : never

async function happen(world: World, one: Step, held: Map<string, Leadership>): Promise<void> {
  const { store } = world
  if (one.kind === "emit") return emit(store, one.name)
  if (one.kind === "end") return endRuns(world)
  if (one.kind === "downtime") return void world.elapse(31_000)
  if (one.kind === "pause") {
    const { dagId, isPaused } = one
    await Effect.runPromise(store.setDagPaused({ dagId, isPaused, actor: "test" }))
    return
  }
  await Promise.all(
    one.planners.map(async ({ holder, ...death }) => {
      const turn = Effect.gen(function* () {
        const epoch = yield* store.lead({ role: "planner", holder, leaseSeconds: 30 })
        if (epoch !== null) held.set(holder, { role: "planner", holder, epoch })
        // One that does not lead any more goes on as if it did: it was asleep, and does not know.
        const leadership = held.get(holder)
        if (leadership !== undefined) yield* planOnce(dyingStore(store, death), leadership)
      })
      await Effect.runPromise(Effect.ignore(turn))
    }),
  )
}

describe("runs after assets", () => {
  it.prop([
    fc.record({
      maxActiveRuns: fc.constantFrom(1, 16),
      steps: fc.array(step, { maxLength: 30 }),
    }),
  ])(
    "each event counts in exactly one run of each DAG that waits for it, or waits for one, whatever dies",
    async ({ maxActiveRuns, steps }) => {
      const world = await setup({ maxActiveRuns })
      const { store } = world
      const held = new Map<string, Leadership>()
      for (const one of steps) await happen(world, one, held)
      for (const dagId of Object.keys(conditions)) {
        await Effect.runPromise(store.setDagPaused({ dagId, isPaused: false, actor: "test" }))
      }
      await planAll(world)
      await endRuns(world)
      await planAll(world)
      const all = { filter: {}, isDescending: false, skip: 0, limit: 1000 }
      const events = (await Effect.runPromise(store.searchAssetEvents(all))).rows
      for (const [dagId, condition] of Object.entries(conditions)) {
        const runs = await Effect.runPromise(store.listDagRuns({ dagId, limit: 1000 }))
        const taken = await Promise.all(
          runs.map((run) => Effect.runPromise(store.eventsOfRun({ dagRunId: run.id, skip: 0, limit: 1000 }))),
        )
        for (const { rows } of taken) {
          expect(isSatisfied(condition, new Set(rows.map(({ name }) => name)))).toBe(true)
        }
        const queued = await Effect.runPromise(store.queuedAssets({ dagId, limit: 10 }))
        expect(isSatisfied(condition, new Set(queued.map(({ name }) => name)))).toBe(false)
        const awaited = events.filter(({ name }) => namesOf(condition).includes(name))
        const ids = taken.flatMap(({ rows }) => rows.map(({ id }) => id))
        expect(new Set(ids).size).toBe(ids.length)
        const waiting = queued.reduce((sum, { events: count }) => sum + count, 0)
        expect(ids.length + waiting).toBe(awaited.length)
      }
    },
  )

  it("makes one run of many events that come together, and one for each that comes alone", async () => {
    const world = await setup({ maxActiveRuns: 16 })
    for (let n = 0; n < 20; n++) await emit(world.store, "a")
    await planAll(world)
    await emit(world.store, "a")
    await planAll(world)
    const runs = await Effect.runPromise(world.store.listDagRuns({ dagId: "one", limit: 10 }))
    expect(runs).toHaveLength(2)
    expect(runs[0]!.runId).toMatch(/^asset_triggered__2026-03-29T/)
  })
})
