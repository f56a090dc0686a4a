import { expect, it } from "vitest"
import { expectWholeMap } from "../harness/expect-whole.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["redrive"] })

it("loses no instance of a redrive when engines crash in the middle of it, and runs each to one record", async () => {
  const total = 1_000
  const first = world.startEngine({ leaseSeconds: 1 })
  const run = await world.runToEnd("flaky_chain", { total })
  const bad = Array.from({ length: total }, (_, n) => n).filter((n) => n % 50 === 7)
  expect(await run.redrive("a", {}, { isDryRun: true })).toMatchObject({ selected: bad.length })
  run.records.raise("a_mended")
  run.records.raise("b_mended")
  await first.stop()
  expect(await run.redrive("a")).toMatchObject({ selected: bad.length })
  for (const share of [0.2, 0.5, 0.8]) {
    const engine = world.startEngine({ leaseSeconds: 1 })
    await run.untilView("b", "has gone on", (view) => view.success > total - bad.length * (1 - share) - 2)
    await engine.crash()
  }
  const last = world.startEngine({ leaseSeconds: 1 })
  await run.untilEnd()
  // The first of the maps did not run again what had not failed: each of the others once.
  expect(run.records.times("a", "n").size).toBe(total)
  const again = [...run.records.times("a", "n")].filter(([, times]) => times > 1).map(([n]) => n)
  expect(new Set(again)).toEqual(new Set(bad))
  await run.redrive("b")
  await run.untilEnd()
  await last.stop()
  for (const taskId of ["a", "b", "c"]) await expectWholeMap(world, run, taskId, total)
  expect(await run.result("sum_c")).toEqual({
    total: (total * (total - 1)) / 2 + 1_000 * total,
    count: total,
  })
}, 180_000)
