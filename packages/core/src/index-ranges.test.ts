import { fc, test } from "@fast-check/vitest"
import { describe, expect } from "vitest"
import {
  firstAdded,
  type IndexRange,
  takeRange,
  takenCount,
  type TakenIndexes,
  untakenFrom,
} from "./index-ranges.ts"

/** Pages of these lengths, each taken in two parts, in any order of the pages. */
const takings = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 12 }).chain((lengths) => {
  let from = 0
  const pages = lengths.map((length): IndexRange => [from, (from += length)])
  return fc.shuffledSubarray(pages, { minLength: pages.length })
})

describe("indexes taken out of order", () => {
  test.prop([takings])("end as one whole, each taken once, with nothing ahead", (pages) => {
    let taken: TakenIndexes = { nextIndex: 0, ahead: [] }
    const seen: number[] = []
    for (const [from, to] of [...pages, ...pages]) {
      for (let at = untakenFrom(taken, [from, to]); at < to; at = untakenFrom(taken, [from, to])) {
        const until = Math.min(to, at + 2)
        for (let index = at; index < until; index++) seen.push(index)
        const before = taken
        taken = takeRange(taken, [at, until])
        expect([firstAdded(before, taken), firstAdded(taken, taken)]).toEqual([at, null])
        expect(takenCount(taken)).toBe(seen.length)
      }
    }
    const total = Math.max(...pages.map(([, to]) => to))
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, index) => index))
    expect(taken).toEqual({ nextIndex: total, ahead: [] })
  })
})
