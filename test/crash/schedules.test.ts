/** Schedules under processes that are killed: each tick has one run, and none is left out. */
import { Effect } from "effect"
import type { DagRunRow } from "@sluice/core/store"
import { expect, it } from "vitest"
import { eventually } from "../harness/eventually.ts"
import { Records } from "../harness/records.ts"
import { Sluice } from "../harness/sluice.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["schedules"] })

/** The scheduled runs so far, in the order in which they were made. */
async function runs(): Promise<DagRunRow[]> {
  const rows = await Effect.runPromise(world.store.listDagRuns({ dagId: "seconds", limit: 1000 }))
  return rows.toReversed()
}

/** Waits until so many more runs have succeeded than had. */
async function untilMore(count: number): Promise<void> {
  const succeeded = async () => (await runs()).filter((run) => run.state === "success").length
  const before = await succeeded()
  await eventually(`${count} more runs succeed`, async () =>
    (await succeeded()) >= before + count ? true : undefined,
  )
}

const instant = (date: Date | null) => date?.getTime() ?? Number.NaN

it("loses no tick and doubles none when planners are killed and come back, and none stands still beside others", async () => {
  const first = new Sluice(world, ["engine"])
  await untilMore(3)
  first.child.kill("SIGKILL")
  await first.ended
  const stoodAt = (await runs()).length
  // The one who comes after waits until the lead of the dead one is over, and makes up for the time between.
  const next = [new Sluice(world, ["engine"]), new Sluice(world, ["engine"])]
  await eventually("the schedule goes on", async () => ((await runs()).length > stoodAt ? true : undefined))
  await untilMore(5)
  next[0]?.child.kill("SIGKILL")
  await untilMore(12)
  await Effect.runPromise(world.store.setDagPaused({ dagId: "seconds", isPaused: true, actor: "test" }))
  await eventually("all runs have ended", async () =>
    (await runs()).every((run) => run.state === "success" || run.state === "queued") ? true : undefined,
  )
  next[1]?.child.kill("SIGTERM")
  await Promise.all(next.map((engine) => engine.ended))

  const made = await runs()
  expect(made.length).toBeGreaterThanOrEqual(20)
  const from = instant(made[0]?.logicalDate ?? null)
  for (const [place, run] of made.entries()) {
    expect(run.runType).toBe("scheduled")
    expect(instant(run.logicalDate)).toBe(from + place * 1000)
    expect(instant(run.dataIntervalStart)).toBe(from + place * 1000)
    expect(instant(run.dataIntervalEnd)).toBe(from + (place + 1) * 1000)
    // It is never made before its time.
    expect(run.queuedAt.getTime()).toBeGreaterThanOrEqual(instant(run.dataIntervalEnd))
    if (run.state === "queued") continue
    const [told] = new Records(world.folder, run.runId).all("ran")
    expect(told).toMatchObject({
      logicalDate: run.logicalDate?.toISOString(),
      start: run.dataIntervalStart?.toISOString(),
      end: run.dataIntervalEnd?.toISOString(),
    })
  }
}, 120_000)
