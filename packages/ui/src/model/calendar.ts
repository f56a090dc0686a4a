/** A year as it hangs on the wall: its months, each with where its first day stands in the week. */

/** A month. */
export interface Month {
  readonly name: string
  /** How many days of the week come before its first: weeks begin on Monday. */
  readonly before: number
  /** Its days as `2026-01-31`. */
  readonly dates: readonly string[]
}

const monthName = new Intl.DateTimeFormat("en-GB", { month: "long", timeZone: "UTC" })

/** The months of a year. */
export function monthsOf(year: number): readonly Month[] {
  return Array.from({ length: 12 }, (_, month) => {
    const first = new Date(Date.UTC(year, month, 1))
    const length = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
    return {
      name: monthName.format(first),
      before: (first.getUTCDay() + 6) % 7,
      dates: Array.from({ length }, (_day, at) =>
        new Date(Date.UTC(year, month, at + 1)).toISOString().slice(0, 10),
      ),
    }
  })
}

/** An instant's day in the zone of the browser, as `2026-01-31`. */
export function dayOf(at: number): string {
  const date = new Date(at)
  const two = (n: number) => String(n).padStart(2, "0")
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** When a day begins and when it is over, in the zone of the browser; null: it is no day. */
export function boundsOfDay(day: string): { readonly start: Date; readonly end: Date } | null {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day)?.map(Number) ?? []
  if (year === undefined || month === undefined || date === undefined) return null
  const start = new Date(year, month - 1, date)
  // A day that is not in its month would be one of the next.
  if (start.getDate() !== date) return null
  return { start, end: new Date(year, month - 1, date + 1) }
}
