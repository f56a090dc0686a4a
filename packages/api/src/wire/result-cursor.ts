import { z } from "@hono/zod-openapi"
import { type IndexRange, rangesAheadMax, type TakenIndexes } from "@sluice/core/stream"
import { bigintMax, readCursor, writeCursor } from "./query.ts"

/** The longest cursor: each range ahead is two short numbers, and there are at most `rangesAheadMax` of them. */
export const resultCursorMax = 12_000

const index = z.int().min(0).max(bigintMax)
const step = z.int().min(1).max(bigintMax)

/** Everything before `r` was taken; `a` has what was taken beyond it: how far on, how many, and so forth. */
const cursorSchema = z.strictObject({
  r: index,
  a: z
    .array(step)
    .max(2 * rangesAheadMax)
    .refine((steps) => steps.length % 2 === 0)
    .optional(),
})

/** Writes which results were taken as an opaque cursor. */
export function writeResultCursor({ nextIndex, ahead }: TakenIndexes): string {
  let end = nextIndex
  const steps = ahead.flatMap(([from, to]) => {
    const pair = [from - end, to - from]
    end = to
    return pair
  })
  return writeCursor(steps.length === 0 ? { r: nextIndex } : { r: nextIndex, a: steps })
}

/** Reads a cursor that `writeResultCursor` made; refuses every other text. */
export function readResultCursor(text: string): TakenIndexes {
  const { r: nextIndex, a: steps = [] } = readCursor(text, cursorSchema)
  let end = nextIndex
  const ahead: IndexRange[] = []
  for (let place = 0; place < steps.length; place += 2) {
    const from = end + (steps[place] ?? 0)
    end = from + (steps[place + 1] ?? 0)
    ahead.push([from, end])
  }
  return { nextIndex, ahead }
}
