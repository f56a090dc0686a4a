import { fc, it } from "@fast-check/vitest"
import { Effect, Logger } from "effect"
import { describe, expect } from "vitest"
import { makeMemoryStore } from "../store/memory.ts"
import type { Leadership } from "../store/planner-store.ts"
import type { DagRunRow } from "../store/run-store.ts"
import { StoreUnavailable } from "../store/errors.ts"
import type { StoreService } from "../store/store.ts"
import { serializedDag } from "../testing/store-contract/dag-fixture.ts"
import { type PlannedRun, planOf } from "../time/plan.ts"
import type { SerializedPlanning } from "../time/timetable.ts"
import { planOnce } from "./planner.ts"

const startAt = Date.parse("2026-03-29T00:00:00Z")
const minuteMs = 60_000
const dagId = "planned"

/** A store with one DAG, on a clock of its own. */
async function setup(planning: Partial<SerializedPlanning>) {
  let now = startAt
  const store = makeMemoryStore({ now: () => now })
  const dag = serializedDag({ dagId, tasks: [{ taskId: "t" }], planning })
  await Effect.runPromise(store.registerDag({ dag, bundle: { hash: "b", code: "", sourceMap: null } }))
  return {
    store,
    plan: planOf(dag.planning, { dagId, since: new Date(startAt) }),
    elapse: (ms: number) => (now += ms),
    now: () => new Date(now),
    runs: async () => (await Effect.runPromise(store.listDagRuns({ dagId, limit: 1000 }))).toReversed(),
  }
}

type World = Awaited<ReturnType<typeof setup>>

async function leadershipOf(store: StoreService, holder: string): Promise<Leadership | null> {
  const epoch = await Effect.runPromise(store.lead({ role: "planner", holder, leaseSeconds: 30 }))
  return epoch === null ? null : { role: "planner", holder, epoch }
}

/** Lets a planner work until nothing is due. */
async function planAll({ store }: World, holder = "last"): Promise<void> {
  const leadership = await leadershipOf(store, holder)
  if (leadership === null) throw new Error("another leads")
  const turn = planOnce(store, leadership).pipe(Effect.provide(Logger.layer([])))
  while ((await Effect.runPromise(turn)).idleMs === 0);
}

const everyMinute = (planning: Partial<SerializedPlanning> = {}): Partial<SerializedPlanning> => ({
  timetable: { kind: "delta", everyMs: minuteMs, dataInterval: "since_previous" },
  ...planning,
})

describe("the planner", () => {
  it("makes each tick that was missed, with catchup, and then sleeps until the next", async () => {
    const world = await setup(everyMinute({ catchup: true }))
    world.elapse(40.5 * minuteMs)
    await planAll(world)
    const runs = await world.runs()
    expect(runs).toHaveLength(40)
    expect(runs[0]).toMatchObject({ runType: "scheduled", runId: "scheduled__2026-03-29T00:00:00.000Z" })
    const leadership = (await leadershipOf(world.store, "last"))!
    expect(await Effect.runPromise(planOnce(world.store, leadership))).toEqual({
      made: 0,
      idleMs: minuteMs / 2,
    })
  })

  it("makes only the latest tick that was missed, without catchup", async () => {
    const world = await setup(everyMinute())
    await planAll(world)
    world.elapse(40.5 * minuteMs)
    await planAll(world)
    expect((await world.runs()).map((run) => run.logicalDate)).toEqual([new Date(startAt + 39 * minuteMs)])
  })

  it("makes exactly the hours of a week's stop", async () => {
    const crons = [{ expression: "0 * * * *", timezone: "Europe/Berlin" }]
    const world = await setup({
      timetable: { kind: "cron", crons, dataInterval: "since_previous" },
      catchup: true,
    })
    await planAll(world)
    world.elapse(7 * 24 * 60 * minuteMs)
    await planAll(world)
    // In that week Berlin's clocks jump: the hours go on.
    const hours = Array.from({ length: 7 * 24 }, (_, n) => new Date(startAt + n * 60 * minuteMs))
    expect((await world.runs()).map((run) => run.logicalDate)).toEqual(hours)
  })

  it("goes on with the others when the plan of one cannot be reckoned", async () => {
    const world = await setup(everyMinute({ catchup: true }))
    const crons = [{ expression: "not a cron", timezone: "UTC" }]
    const broken = serializedDag({
      dagId: "broken",
      tasks: [],
      planning: { timetable: { kind: "cron", crons, dataInterval: "none" } },
    })
    await Effect.runPromise(
      world.store.registerDag({ dag: broken, bundle: { hash: "b", code: "", sourceMap: null } }),
    )
    world.elapse(3 * minuteMs)
    await planAll(world)
    expect(await world.runs()).toHaveLength(3)
  })
})

/** What may happen around a planner. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("elapse" as const),
      ms: fc.integer({ min: 1, max: 5 * minuteMs }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("turns" as const),
      planners: fc.array(
        fc.record({
          holder: fc.constantFrom("p1", "p2", "p3"),
          // Dies at so many calls, with the last one done or not.
          calls: fc.integer({ min: 1, max: 60 }),
          isDone: fc.boolean(),
          pace: fc.integer({ min: 0, max: 3 }),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pause" as const), isPaused: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("end" as const), count: fc.integer({ min: 1, max: 20 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("downtime" as const),
      ms: fc.integer({ min: minuteMs, max: 90 * minuteMs }),
    }),
  },
)

type Step = typeof step extends fc.Arbitrary<infer A> ? A : never

/** A store that is gone after some calls: the last one may have been done, and nobody hears of it. */
function dyingStore(
  store: StoreService,
  death: { calls: number; isDone: boolean; pace: number },
): StoreService {
  let left = death.calls
  const gone = Effect.fail(new StoreUnavailable({ operation: "any", message: "the process is dead" }))
  const mortal = <A, E>(call: Effect.Effect<A, E>) =>
    Effect.suspend(() => {
      left -= 1
      const paced = Effect.andThen(Effect.replicateEffect(Effect.yieldNow, death.pace), call)
      if (left > 0) return paced
      return left === 0 && death.isDone ? Effect.andThen(paced, gone) : gone
    })
  return {
    ...store,
    lead: (options) => mortal(store.lead(options)),
    duePlans: (options) => mortal(store.duePlans(options)),
    movePlan: (options) => mortal(store.movePlan(options)),
  }
}

async function happen(world: World, one: Step, held: Map<string, Leadership>): Promise<void> {
  const { store } = world
  switch (one.kind) {
    case "elapse":
    case "downtime":
      world.elapse(one.ms)
      return
    case "pause":
      await Effect.runPromise(store.setDagPaused({ dagId, isPaused: one.isPaused, actor: "test" }))
      return
    case "end":
      await endRuns(world, one.count)
      return
    case "turns":
      await Promise.all(
        one.planners.map(async ({ holder, ...death }) => {
          const mortal = dyingStore(store, death)
          // One that does not lead any more goes on as if it did: it was asleep, and does not know.
          const turn = Effect.gen(function* () {
            const epoch = yield* mortal.lead({ role: "planner", holder, leaseSeconds: 30 })
            if (epoch !== null) held.set(holder, { role: "planner", holder, epoch })
            const leadership = held.get(holder)
            if (leadership !== undefined) yield* planOnce(mortal, leadership)
          })
          await Effect.runPromise(Effect.ignore(turn))
        }),
      )
  }
}

/** Ends the oldest running runs, and lets others start. */
async function endRuns({ store }: World, count: number): Promise<void> {
  const running = await Effect.runPromise(store.listDagRuns({ dagId, states: ["running"], limit: 1000 }))
  for (const run of running.slice(-count)) {
    await Effect.runPromise(store.cancelDagRun({ dagRunId: run.id, note: "ended", actor: "test" }))
  }
  await Effect.runPromise(store.admitDagRuns({ limit: 100 }))
}

/** Lets all that is due be made, with nobody dying any more. */
async function settle(world: World): Promise<void> {
  world.elapse(31_000)
  await Effect.runPromise(world.store.setDagPaused({ dagId, isPaused: false, actor: "test" }))
  for (let before = -1, made = 0; made !== before;) {
    before = made
    await planAll(world)
    await endRuns(world, 1000)
    made = (await world.runs()).length
  }
}

const spanOf = (run: PlannedRun | DagRunRow) =>
  "intervalStart" in run
    ? [run.logicalDate, run.intervalStart, run.intervalEnd]
    : [run.logicalDate, run.dataIntervalStart, run.dataIntervalEnd]

describe("whatever dies, pauses and stands still", () => {
  const timetables = fc.constantFrom<SerializedPlanning["timetable"]>(
    { kind: "delta", everyMs: minuteMs, dataInterval: "since_previous" },
    { kind: "delta", everyMs: 7 * minuteMs, dataInterval: "none" },
    // Across the night in which Berlin's clocks jump.
    {
      kind: "cron",
      crons: [{ expression: "*/5 * * * *", timezone: "Europe/Berlin" }],
      dataInterval: "since_previous",
    },
  )
  const histories = fc.record({
    timetable: timetables,
    jitterMs: fc.constantFrom(0, 90_000),
    maxActiveRuns: fc.constantFrom(1, 3, 50),
    steps: fc.array(step, { maxLength: 25 }),
  })

  it.prop([histories])(
    "each tick always has exactly one run, in order, with its interval",
    async ({ steps, ...planning }) => {
      const world = await setup({ ...planning, catchup: true })
      const held = new Map<string, Leadership>()
      for (const one of steps) await happen(world, one, held)
      await settle(world)
      const runs = await world.runs()
      const first = world.plan.next(null)!
      const due = [...world.plan.between(first.logicalDate, world.now())].filter(
        (run) => run.runAt <= world.now(),
      )
      expect(runs.map(spanOf)).toEqual(due.map(spanOf))
    },
  )

  it.prop([histories])(
    "without catchup no tick is made twice or out of order, and the latest always is",
    async ({ steps, ...planning }) => {
      const world = await setup({ ...planning, catchup: false })
      const held = new Map<string, Leadership>()
      for (const one of steps) await happen(world, one, held)
      await settle(world)
      const ends = (await world.runs()).map((run) => run.dataIntervalEnd!.getTime())
      expect(ends.every((end, place) => place === 0 || end > ends[place - 1]!)).toBe(true)
      const first = world.plan.next(null)!
      const latest = first.runAt > world.now() ? null : world.plan.dueRun(first, world.now())
      expect(ends.at(-1)).toBe(latest?.intervalEnd.getTime())
    },
  )
})
