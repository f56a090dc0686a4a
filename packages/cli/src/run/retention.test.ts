import { expect, it } from "vitest"
import { readRetention } from "./retention.ts"

it("keeps everything where nothing is said", () => {
  expect(readRetention({ SLUICE_KEEP_RUNS: " " })).toEqual({
    ...{ runs: null, eventsDays: null, assetEventsDays: null },
    ...{ versionsDays: null, logsDays: null, backfillsDays: null },
  })
})

it("reads how long things are kept", () => {
  const env = { SLUICE_KEEP_RUNS_DAYS: "30", SLUICE_KEEP_EVENTS_DAYS: "365" }
  expect(readRetention(env)).toMatchObject({ runs: { days: 30, count: null }, eventsDays: 365 })
})

it.each(["0", "-3", "1.5", "forever", "1e3", "99999999"])("refuses %s", (text) => {
  expect(() => readRetention({ SLUICE_KEEP_RUNS_DAYS: text })).toThrow(
    `SLUICE_KEEP_RUNS_DAYS: "${text}" came`,
  )
})
