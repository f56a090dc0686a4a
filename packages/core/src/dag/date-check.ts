import type { OptionCheck } from "./option-check.ts"

/** A date as people write it; gives it in UTC, as ISO 8601 with milliseconds. */
export const dateCheck: OptionCheck<string> = {
  expected: 'a Date, a day such as "2026-01-31" (midnight UTC), or an instant such as "2026-01-31T06:00:00Z"',
  read: (value) => {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString()
    return typeof value === "string" ? readInstant(value) : undefined
  },
}

/** An instant must say its offset: otherwise it would mean another time on another machine. */
function readInstant(text: string): string | undefined {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)) return undefined
  const at = Date.parse(text)
  // A 31st of February is read as the 3rd of March, or refused, depending on how it is written.
  const isSameDay = !Number.isNaN(at) && isCalendarDay(text.slice(0, 10))
  return isSameDay ? new Date(at).toISOString() : undefined
}

function isCalendarDay(day: string): boolean {
  const at = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day)
}
