import { fc, test } from "@fast-check/vitest"
import { type IndexRange, rangesAheadMax, type TakenIndexes } from "@sluice/core/stream"
import { describe, expect } from "vitest"
import { readResultCursor, resultCursorMax, writeResultCursor } from "./result-cursor.ts"

/** What may have been taken: ranges ahead of an index, none touching another. */
const takenIndexes = fc
  .tuple(
    fc.nat(1_000_000),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 100_000 })), {
      maxLength: rangesAheadMax,
    }),
  )
  .map(([nextIndex, steps]): TakenIndexes => {
    let end = nextIndex
    const ahead = steps.map(([gap, count]): IndexRange => [end + gap, (end += gap + count)])
    return { nextIndex, ahead }
  })

describe("the cursor of results", () => {
  test.prop([takenIndexes])("always says what was taken, in a text that fits a request", (taken) => {
    const text = writeResultCursor(taken)
    expect(readResultCursor(text)).toEqual(taken)
    expect(text.length).toBeLessThanOrEqual(resultCursorMax)
  })
})
