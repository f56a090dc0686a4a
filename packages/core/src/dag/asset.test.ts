import { describe, expect, it } from "vitest"
import { asset } from "./asset.ts"
import { dag } from "./dag.ts"
import { serializeDag } from "./dag-definition.ts"
import type { DagOptions } from "./dag-options.ts"
import { assetOrTime } from "./schedule.ts"
import { task } from "./task.ts"

const [a, b, c] = [asset("a", { uri: "s3://a", extra: { owner: "ada" } }), asset("b"), asset("c")]

const scheduled = (schedule: DagOptions["schedule"]) =>
  serializeDag(dag("reports", schedule === undefined ? {} : { schedule }, () => {}))

describe("a schedule by assets", () => {
  it("is written down with its condition, and each asset once", () => {
    expect(scheduled(a.and(b.or(a)))).toMatchObject({
      schedule: "assets: a & (b | a)",
      planning: {
        timetable: { kind: "none" },
        assets: { all: [{ asset: "a" }, { any: [{ asset: "b" }, { asset: "a" }] }] },
      },
      awaited: ["a", "b"],
      assets: [
        { name: "a", uri: "s3://a", group: "asset", extra: { owner: "ada" } },
        { name: "b", uri: "b", group: "asset", extra: {} },
      ],
    })
  })

  it("means all assets of a list, and one alone", () => {
    expect(scheduled([a, b, c]).planning.assets).toEqual(scheduled(a.and(b).and(c)).planning.assets)
    expect(scheduled(a).planning.assets).toEqual({ asset: "a" })
  })

  it("may stand beside a time", () => {
    expect(scheduled(assetOrTime(a.and(b), "0 5 * * *"))).toMatchObject({
      schedule: "assets: a & b or 0 5 * * *",
      planning: { timetable: { kind: "cron" }, assets: { all: [{ asset: "a" }, { asset: "b" }] } },
    })
  })

  it.each([
    [() => scheduled(assetOrTime(a, null as never)), "has no time in assetOrTime()"],
    [() => scheduled(assetOrTime("a" as never, "@daily")), 'has the string "a" as assets'],
    [() => scheduled([a, "@daily"] as never), "crons alone in a list"],
    [() => a.and("b" as never), 'and() of an asset got the string "b"'],
    [() => asset(""), "as its name"],
    [() => asset("x".repeat(513)), "text of 1 to 512 characters"],
    [() => asset("x", { url: "s3://x" } as never), 'has no option "url"'],
    [() => asset("x", { extra: [] as never }), "an object of JSON values"],
    [() => scheduled(a.and(asset("a"))), 'the asset "a" is made twice with different options'],
    [() => scheduled(Array.from({ length: 501 }, (_, n) => asset(`many-${n}`))), "at most 500"],
  ])("is refused with what is wrong: %#", (write, problem) => {
    expect(write).toThrow(problem)
  })
})

describe("the outlets of a task", () => {
  const outletsOf = (outlets: unknown) =>
    serializeDag(dag("makes", () => void task("load", () => 1, { outlets: outlets as never })()))

  it("are written down with the task, and their assets with the DAG", () => {
    const made = outletsOf([b, a])
    expect(made.tasks[0]?.outlets).toEqual(["b", "a"])
    expect(made.assets.map(({ name }) => name)).toEqual(["a", "b"])
    expect(made).toMatchObject({ awaited: [], planning: { assets: null } })
  })

  it("are assets, each once", () => {
    expect(() => outletsOf(["a"])).toThrow("a list of up to 100 assets, each once")
    expect(() => outletsOf([a, asset("a")])).toThrow("each once")
    expect(() => outletsOf([a.and(b)])).toThrow("a list of up to 100 assets")
  })
})
