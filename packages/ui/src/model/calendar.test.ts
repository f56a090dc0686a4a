import { expect, it } from "vitest"
import { boundsOfDay, dayOf, monthsOf } from "./calendar.ts"

it("knows the months of a year, also of a leap year", () => {
  const [january, february] = monthsOf(2024)
  expect(january).toMatchObject({ name: "January", before: 0 })
  expect(january?.dates.slice(0, 2)).toEqual(["2024-01-01", "2024-01-02"])
  expect(february).toMatchObject({ before: 3 })
  expect(february?.dates.at(-1)).toBe("2024-02-29")
  expect(monthsOf(2026).flatMap(({ dates }) => dates)).toHaveLength(365)
})

it("knows when a day begins and ends, and what is no day", () => {
  const day = boundsOfDay("2026-02-28")
  expect(dayOf(Number(day?.start))).toBe("2026-02-28")
  expect(dayOf(Number(day?.end) - 1)).toBe("2026-02-28")
  expect(dayOf(Number(day?.end))).toBe("2026-03-01")
  expect(boundsOfDay("2026-02-29")).toBeNull()
  expect(boundsOfDay("yesterday")).toBeNull()
})
