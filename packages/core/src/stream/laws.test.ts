import { fc, test } from "@fast-check/vitest"
import { describe, expect } from "vitest"
import {
  carriedItems,
  expectClosedAtEnd,
  expectClosedOnAbort,
  expectClosedOnError,
  expectClosedOnStop,
  expectGoesOn,
  expectNoPageTwice,
  expectNoReadAhead,
  expectSameAsArrays,
  pipelineSpec,
  Reading,
  readToEnd,
  sourceSpec,
  unarySpec,
} from "../testing/stream/index.ts"
import type { PipelineSpec } from "../testing/stream/index.ts"

const pageSize = fc.integer({ min: 1, max: 6 })
const steps = fc.array(fc.record({ pageSize, isCut: fc.boolean() }), { minLength: 1, maxLength: 8 })
const runs = { numRuns: 500 }

describe("a pipeline of any operators", () => {
  test.prop([pipelineSpec, steps, fc.constantFrom("plain", "rich")], runs)(
    "gives what plain arrays give, wherever it is cut",
    (spec, after, style) => expectSameAsArrays(spec, after, { style, hasFailures: false }),
  )

  test.prop([pipelineSpec, steps, fc.constantFrom("plain", "rich")], runs)(
    "gives what plain arrays give when sources and functions fail and are tried again",
    (spec, after, style) => expectSameAsArrays(spec, after, { style, hasFailures: true }),
  )

  test.prop([unaryChain(), steps], { numRuns: 1_000 })(
    "goes on from its end when its source has more, or says which operator stands in the way",
    expectGoesOn,
  )

  test.prop([pipelineSpec, steps], runs)("reads no further than one pull asks for", (spec, after) =>
    expectNoReadAhead(withForms(spec, ["piped"]), after),
  )

  test.prop([pipelineSpec, steps], runs)("never pulls a page again that it has given", (spec, after) =>
    expectNoPageTwice(withForms(spec, ["bare", "iterable", "piped"]), after),
  )

  test.prop([pipelineSpec, steps], runs)("has closed its sources by itself at its end", expectClosedAtEnd)

  test.prop([pipelineSpec, fc.array(pageSize, { maxLength: 6 })], runs)(
    "closes each source once when it is left early",
    expectClosedOnStop,
  )

  test.prop([pipelineSpec, fc.array(pageSize, { maxLength: 6 }), fc.boolean()], runs)(
    "closes each source once on abort",
    expectClosedOnAbort,
  )

  test.prop([pipelineSpec, pageSize], runs)("closes each source once after an error", expectClosedOnError)
})

describe("what a cursor carries", () => {
  const paged = sourceSpec(["generator", "unfold"])

  test.prop([unarySpec(paged, ["chunk"]), steps], runs)("is less than a chunk", async (spec, after) => {
    const reading = new Reading(spec)
    await readToEnd(reading, after)
    for (const cursor of reading.cursors) expect(carriedItems(cursor, "p.0")).toBeLessThan(spec.count + 1)
  })

  test.prop([unarySpec(paged, ["flatMap"]), steps], runs)(
    "is at most a page of flatMap's outer stream",
    async (spec, after) => {
      const reading = new Reading(spec)
      await readToEnd(reading, after)
      const longest = longestPage(spec.of)
      for (const cursor of reading.cursors) expect(carriedItems(cursor, "p.0")).toBeLessThanOrEqual(longest)
    },
  )

  test.prop([fc.array(paged, { minLength: 2, maxLength: 3 }), steps], runs)(
    "is less than a page of each side of zip, and nothing of one",
    async (of, after) => {
      const reading = new Reading({ op: "zip", of })
      await readToEnd(reading, after)
      for (const cursor of reading.cursors) {
        const carried = of.map((_, side) => carriedItems(cursor, `p.${side}`))
        expect(Math.min(...carried)).toBe(0)
        carried.forEach((count, side) => expect(count).toBeLessThanOrEqual(longestPage(of[side]!)))
      }
    },
  )
})

/** A chain of operators over one source, as it is before the source has more, and after. */
function unaryChain() {
  const source = fc.tuple(sourceSpec(), sourceSpec(), fc.boolean()).map(([first, second, isLonger]) => {
    // Either the last page grows, if nothing was said to follow it, or further ones come behind it.
    const last = first.pages.at(-1) ?? []
    const [grown = [], ...others] = second.pages
    const pages =
      isLonger && !first.hasFalseEnd
        ? [...first.pages.slice(0, -1), [...last, ...grown], ...others]
        : [...first.pages, ...second.pages]
    return { before: first, after: { ...first, pages } }
  })
  const operator = unarySpec(fc.constant({ op: "cross", lengths: [], hasXCom: false }))
  return fc.tuple(source, fc.array(operator, { maxLength: 4 })).map(([{ before, after }, operators]) => {
    const over = (spec: PipelineSpec) => operators.reduce<PipelineSpec>((of, one) => ({ ...one, of }), spec)
    return { before: over(before), after: over(after) }
  })
}

/** Gives a spec in which generators of pages stand for these forms of sources. */
function withForms(spec: PipelineSpec, replaced: readonly string[]): PipelineSpec {
  return JSON.parse(JSON.stringify(spec), (key, value: unknown) =>
    key === "form" && replaced.includes(value as string) ? "generator" : value,
  ) as PipelineSpec
}

function longestPage(spec: unknown): number {
  const { pages } = spec as { pages: unknown[][] }
  return Math.max(0, ...pages.map((items) => items.length))
}
