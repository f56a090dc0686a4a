/** Where on one line of time some spans are. */

/** A span; without an end it goes on. */
export interface Span {
  readonly start: string | null
  readonly end: string | null
}

/** The whole line. */
export interface Timeline {
  readonly from: number
  readonly to: number
}

/** The line that holds all spans; null: nothing has begun. */
export function timelineOf(spans: readonly Span[], now: number): Timeline | null {
  const begun = spans.filter(({ start }) => start !== null)
  if (begun.length === 0) return null
  const from = Math.min(...begun.map(({ start }) => Date.parse(start ?? "")))
  const to = Math.max(...begun.map(({ end }) => (end === null ? now : Date.parse(end))))
  return { from, to: Math.max(to, from + 1) }
}

/** Where a span is on the line, in parts of it. */
export function placeOf(
  { start, end }: Span,
  { from, to }: Timeline,
  now: number,
): { readonly left: number; readonly width: number } | null {
  if (start === null) return null
  const at = Date.parse(start)
  const until = end === null ? now : Date.parse(end)
  const clamp = (n: number) => Math.min(1, Math.max(0, n))
  const left = clamp((at - from) / (to - from))
  return { left, width: Math.max(0, clamp((until - from) / (to - from)) - left) }
}

const stepsMs = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
  600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000, 604_800_000,
]

/** Some even marks on the line, from its start. */
export function marksOf({ from, to }: Timeline, marksMax = 4): readonly number[] {
  const span = to - from
  const step = stepsMs.find((one) => span / one <= marksMax) ?? span
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, at) => at * step)
}
