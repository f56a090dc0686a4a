import { fc, it } from "@fast-check/vitest"
import { describe, expect } from "vitest"
import { type AssetSchedule, asset } from "../dag/asset.ts"
import { describeCondition, isSatisfied, namesOf } from "./asset-condition.ts"

const names = ["a", "b", "c", "d", "e"]

/** An expression as an author writes it, with what it means said in plain logic. */
interface Written {
  readonly schedule: AssetSchedule
  readonly means: (had: ReadonlySet<string>) => boolean
  readonly names: ReadonlySet<string>
}

const leaf = fc.constantFrom(...names).map((name): Written => ({
  schedule: asset(name),
  means: (had) => had.has(name),
  names: new Set([name]),
}))

const written = fc.letrec<{ tree: Written }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.tuple(tie("tree"), tie("tree"), fc.boolean()).map(([left, right, isAnd]) => ({
      schedule: isAnd ? left.schedule.and(right.schedule) : left.schedule.or(right.schedule),
      means: (had: ReadonlySet<string>) =>
        isAnd ? left.means(had) && right.means(had) : left.means(had) || right.means(had),
      names: new Set([...left.names, ...right.names]),
    })),
  ),
})).tree

const someNames = fc.subarray(names).map((some) => new Set(some))

describe("a condition on assets", () => {
  it.prop([written, someNames])("always holds exactly when the author's and/or does", (tree, had) => {
    expect(isSatisfied(tree.schedule.condition, had)).toBe(tree.means(had))
  })

  it.prop([written, someNames, someNames])(
    "never stops holding when more assets have events",
    (tree, had, more) => {
      const both = new Set([...had, ...more])
      if (isSatisfied(tree.schedule.condition, had)) {
        expect(isSatisfied(tree.schedule.condition, both)).toBe(true)
      }
    },
  )

  it.prop([written])(
    "always names each of its assets once, and holds when all have had events",
    ({ schedule, names }) => {
      expect([...namesOf(schedule.condition)].toSorted()).toEqual([...names].toSorted())
      expect(isSatisfied(schedule.condition, names)).toBe(true)
    },
  )

  it("is flat as far as it is joined in one way, and reads so", () => {
    const [a, b, c] = [asset("a"), asset("b"), asset("c")]
    expect(a.and(b).and(c).condition).toEqual({ all: [{ asset: "a" }, { asset: "b" }, { asset: "c" }] })
    expect(describeCondition(a.and(b.or(c)).condition)).toBe("a & (b | c)")
    expect(describeCondition(a.and(b).or(c).condition)).toBe("(a & b) | c")
  })
})
