/** A span of time: milliseconds as a number, or a string such as `"250ms"`, `"30s"`, `"5m"`, `"2h"`, `"1d"`. */
export type Duration = number | `${number}${keyof typeof unitMs}`

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

/** Reads a duration as whole milliseconds; null when it is not one. */
export function parseDurationMs(value: unknown): number | null {
  const ms = typeof value === "string" ? parseText(value) : value
  return typeof ms === "number" && Number.isInteger(ms) && ms >= 0 ? ms : null
}

function parseText(text: string): number | null {
  const match = pattern.exec(text)
  if (match === null) return null
  const [, amount, unit] = match
  return Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs])
}
