import { describe, expect, it } from "vitest"
import { chain, dag, source, task } from "./index.ts"
import type { WeightRule } from "./weight.ts"

/** A diamond of priorities 1, 2, 4 and 8, by the rule that each task has. */
function weights(weightRule: WeightRule): Record<string, number> {
  const diamond = dag("diamond", { defaultTaskOptions: { weightRule } }, () => {
    const [top, left, right, bottom] = [1, 2, 4, 8].map((priority) =>
      task(`p${priority}`, () => null, { priority })(),
    )
    chain(top!, [left!, right!], bottom!)
  })
  return Object.fromEntries(diamond.serialize().tasks.map(({ taskId, weight }) => [taskId, weight]))
}

describe("the weight of a task", () => {
  it.each([
    ["absolute", { p1: 1, p2: 2, p4: 4, p8: 8 }],
    ["downstream", { p1: 15, p2: 10, p4: 12, p8: 8 }],
    ["upstream", { p1: 1, p2: 3, p4: 5, p8: 15 }],
  ] as const)("by the rule %s counts each task once, however many ways lead to it", (rule, expected) => {
    expect(weights(rule)).toEqual(expected)
  })

  it("stays what the database can keep", () => {
    const heavy = dag(
      "heavy",
      { defaultTaskOptions: { weightRule: "downstream", priority: 2_147_483_647 } },
      () => {
        chain(task("a", () => null)(), task("b", () => null)())
      },
    )
    expect(heavy.serialize().tasks.map(({ weight }) => weight)).toEqual([2_147_483_647, 2_147_483_647])
  })
})

describe("limits of a DAG and a task", () => {
  it("are written down", () => {
    const limited = dag(
      "limited",
      { maxActiveTasks: 3 },
      () => void task("a", () => null, { dagConcurrency: 2 })(),
    )
    expect(limited.serialize()).toMatchObject({
      planning: { maxActiveTasks: 3 },
      tasks: [{ dagConcurrency: 2, concurrency: null, priority: 1, weight: 1 }],
    })
  })

  it.each(["pool", "poolSlots", "dagConcurrency"])("are no option of a source: %s", (name) => {
    expect(() => dag("d", () => void source("s", async function* () {}, { [name]: 1 })())).toThrow(
      `source() has no option "${name}"`,
    )
  })
})
