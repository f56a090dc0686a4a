import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { SerializedDag } from "../dag/serialized-dag.ts"
import type { Json } from "../json.ts"
import { makeMemoryStore } from "../store/memory.ts"
import { serializedDag } from "../testing/store-contract/dag-fixture.ts"
import { confBytesMax, requestRun, type RunRequest } from "./request-run.ts"

async function setup(given: Partial<SerializedDag> = {}) {
  const store = makeMemoryStore()
  const dag = { ...serializedDag({ dagId: "d", tasks: [] }), ...given }
  await Effect.runPromise(store.registerDag({ dag, bundle: { hash: "b", code: "", sourceMap: null } }))
  return (request: Omit<RunRequest, "dagId"> & { dagId?: string } = {}) =>
    Effect.runPromise(requestRun(store, { dagId: "d", ...request }))
}

const schema = {
  type: "object",
  properties: {
    since: { type: "string", pattern: "^\\d{4}$" },
    mode: { enum: ["full", "fast"], default: "fast" },
    nested: { type: "object", properties: { n: { type: "integer", minimum: 1 } } },
  },
  required: ["since", "mode"],
  additionalProperties: false,
}

describe("a run that is asked for", () => {
  it("is made with what fits the DAG's params, defaults put in", async () => {
    const ask = await setup({ paramsSchema: schema })
    const by = { triggeredBy: "cli", triggeringUser: "ada", note: "why" } as const
    const run = await ask({ runId: "r", conf: { since: "2026", nested: { n: 2 } }, ...by })
    expect(run).toMatchObject(by)
    expect(run).toMatchObject({
      runId: "r",
      runType: "manual",
      conf: { since: "2026", nested: { n: 2 } },
      state: "running",
    })
  })

  it.each<[Json, string]>([
    [{}, "it must have required property 'since'"],
    [{ since: "26" }, 'since must match pattern "^\\d{4}$"'],
    [{ since: "2026", mode: "slow" }, "mode must be equal to one of the allowed values (full, fast)"],
    [{ since: "2026", nested: { n: 0 } }, "nested.n must be >= 1"],
    [{ since: "2026", other: 1 }, 'it must NOT have additional properties ("other")'],
    [["2026"], "the conf is a list; expected a JSON object"],
    [null, "the conf is null; expected a JSON object"],
  ])("is refused with %j, and nothing is made", async (conf, problem) => {
    const ask = await setup({ paramsSchema: schema })
    await expect(ask({ runId: "r", conf })).rejects.toMatchObject({
      _tag: "InvalidRun",
      message: expect.stringContaining(problem) as string,
    })
    expect(await ask({ runId: "r", conf: { since: "2026" } })).toMatchObject({ runId: "r" })
  })

  it("is refused with a conf that is too large, and says how large it may be", async () => {
    const ask = await setup()
    const conf = { text: "x".repeat(confBytesMax) }
    await expect(ask({ conf })).rejects.toMatchObject({
      message: expect.stringContaining(`expected at most ${confBytesMax}`) as string,
    })
  })

  it("is refused where the schema itself is none, and says so", async () => {
    const ask = await setup({ paramsSchema: { type: "strange" } })
    await expect(ask()).rejects.toMatchObject({
      message: expect.stringContaining("is not a JSON Schema that can be used") as string,
    })
  })

  it("may have a schema of an older draft", async () => {
    const draft7 = { $schema: "http://json-schema.org/draft-07/schema#", type: "object", required: ["a"] }
    const ask = await setup({ paramsSchema: draft7 })
    await expect(ask()).rejects.toMatchObject({ message: expect.stringContaining("'a'") as string })
    expect(await ask({ conf: { a: 1 } })).toMatchObject({ conf: { a: 1 } })
  })

  it.each(["", "x".repeat(251), "scheduled__2026", "backfill__2026"])(
    "is refused the id %j",
    async (runId) => {
      const ask = await setup()
      await expect(ask({ runId })).rejects.toMatchObject({ _tag: "InvalidRun" })
    },
  )

  it("covers, with a logical date, the last whole interval of the schedule", async () => {
    const planning = {
      ...serializedDag({ tasks: [] }).planning,
      timetable: { kind: "delta", everyMs: 3_600_000, dataInterval: "since_previous" } as const,
    }
    const ask = await setup({ planning })
    expect(await ask({ logicalDate: new Date("2026-01-01T10:20:00Z") })).toMatchObject({
      dataIntervalStart: new Date("2026-01-01T09:00:00Z"),
      dataIntervalEnd: new Date("2026-01-01T10:00:00Z"),
    })
    expect(await ask({ runId: "without" })).toMatchObject({ logicalDate: null, dataIntervalStart: null })
  })

  it("is refused for a DAG that is not there", async () => {
    const ask = await setup()
    await expect(ask({ dagId: "none" })).rejects.toMatchObject({ _tag: "NotFound" })
  })
})
