import { Effect } from "effect"
import { expect, it } from "vitest"
import type { TriggerSpec } from "../../dag/trigger-spec.ts"
import type { RecordedException } from "../../store/lease-store.ts"
import { makeMemoryStore } from "../../store/memory.ts"
import { serializedDag } from "../../testing/store-contract/dag-fixture.ts"
import { makeAskedRuns } from "./triggered-runs.ts"

async function setup() {
  const store = makeMemoryStore()
  const dag = serializedDag({ dagId: "other", tasks: [{ taskId: "t" }] })
  await Effect.runPromise(store.registerDag({ dag, bundle: { hash: "b", code: "", sourceMap: null } }))
  const ask = (spec: TriggerSpec) => {
    const deferral = { trigger: spec, resume: "made", state: '"kept"', timeoutMs: null }
    const times = { mapIndex: -1, retryDelayMs: null, startedMs: 0, endedMs: 1 }
    const asked: RecordedException = { ...times, state: "deferred", error: null, deferral }
    return Effect.runPromise(makeAskedRuns(store, [asked]))
  }
  const runs = async () =>
    (await Effect.runPromise(store.listDagRuns({ limit: 10 }))).map(({ runId, conf }) => [runId, conf])
  return { ask, runs }
}

const make = { conf: { n: 1 }, logicalDate: null, waits: true }
const spec = { kind: "run", dagId: "other", runId: "triggered__a__1", make } as const

it("a run that a task asks for is made once, however often the same try asks", async () => {
  const { ask, runs } = await setup()
  const [first] = await ask(spec)
  const [again] = await ask(spec)
  expect(await runs()).toEqual([["triggered__a__1", { n: 1 }]])
  expect(again).toEqual(first)
  expect(first?.deferral?.trigger).toEqual({ kind: "run", dagId: "other", runId: "triggered__a__1" })
})

it("a task that does not wait for its run goes on at once", async () => {
  const { ask, runs } = await setup()
  const [recorded] = await ask({ ...spec, make: { ...make, waits: false } })
  expect(recorded?.deferral?.trigger).toEqual({ kind: "delay", ms: 0 })
  expect(await runs()).toHaveLength(1)
})

it("a run that cannot be made fails the instance for good, and a plain wait is left as it is", async () => {
  const { ask, runs } = await setup()
  const [failed] = await ask({ ...spec, dagId: "nobody" })
  expect(failed).toMatchObject({ state: "failed", error: { type: "InvalidRun" } })
  expect(failed?.deferral).toBeUndefined()
  const plain = { kind: "run", dagId: "other", runId: "some" } as const
  expect((await ask(plain))[0]?.deferral?.trigger).toEqual(plain)
  expect(await runs()).toEqual([])
})
