/** Items that are named by their keys: each once, whatever page it came in and whoever died between two. */
import { Effect } from "effect"
import { expect, it } from "vitest"
import { expectEachRan, expectNothingLeft } from "../harness/expect-whole.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["keys"] })
const numbers = (total: number) => Array.from({ length: total }, (_, n) => n)

it("makes one instance for each key, across pages and dead engines", async () => {
  const total = 400
  const run = await world.startRun("keyed", { total })
  for (const part of [0.2, 0.45, 0.7]) {
    const engine = world.startEngine({ leaseSeconds: 1 })
    await run.untilView("run", `has ${part} of it`, (view) => view.success >= total * part)
    await engine.crash()
  }
  const engine = world.startEngine({ leaseSeconds: 1 })
  expect((await run.untilEnd()).state).toBe("success")
  const instances = await run.instances("run")
  expect(instances.map(({ key }) => key)).toEqual(numbers(total).map((n) => `number ${n}`))
  expect(instances.map(({ label }) => label)).toEqual(numbers(total).map((n) => `No. ${n}`))
  // Each page but the last brought five that the next one brings again.
  expect(await run.view("run")).toMatchObject({ created: total, duplicates: 39 * 5 })
  expectEachRan(run, total)
  expect(await run.result("collect")).toEqual(numbers(7))
  expect(await run.view("rest")).toMatchObject({ created: 7, duplicates: total - 7 })
  const { expansionId } = await run.view("run")
  const found = world.store.instanceByKey({ expansionId, key: "number 123" })
  expect(await Effect.runPromise(found)).toMatchObject({ mapIndex: 123, label: "No. 123" })
  await expectNothingLeft(world)
  await engine.stop()
})

it("ends the stream where a key is bad, and keeps what came before", async () => {
  const engine = world.startEngine()
  const run = await world.runToEnd("bad_keys", { total: 100 })
  expect((await run.row()).state).toBe("failed")
  const { created, success, streamError } = await run.view("run")
  expect([created, success]).toEqual([15, 15])
  expect(streamError).toMatchObject({ type: "BadKey" })
  expect(streamError?.message).toContain(
    'task "run": key gave an empty text for item 12 of its page; expected',
  )
  await engine.stop()
})

it("counts what was made, not what came, towards maxItems", async () => {
  const engine = world.startEngine()
  const enough = await world.runToEnd("keyed_too_many", { total: 40 })
  expect(await enough.view("run")).toMatchObject({ state: "success", created: 40, duplicates: 15 })
  const tooMany = await world.runToEnd("keyed_too_many", { total: 41 })
  const { created, state, streamError } = await tooMany.view("run")
  expect([created, state]).toEqual([35, "failed"])
  expect(streamError?.message).toContain(
    "more than maxItems 40 items (35 were made, the next page has 6 with a new key)",
  )
  await expectNothingLeft(world)
  await engine.stop()
})

it("goes on without the labels that cannot be had, and says so once a page", async () => {
  const engine = world.startEngine()
  const run = await world.runToEnd("bad_labels", { total: 20 })
  expect((await run.row()).state).toBe("success")
  const labels = (await run.instances("run")).map(({ label }) => label)
  expect(labels.slice(0, 5)).toEqual(["No. 0", "No. 1", "No. 2", null, "No. 4"])
  const warnings = (await run.logs("run")).filter(({ level }) => level === "warning")
  expect(warnings.map(({ message }) => message)).toEqual([
    'label of task "run": threw Error: no label for item 3 of its page; it goes without a label',
    'label of task "run": threw Error: no label for item 3 of its page; it goes without a label',
  ])
  await engine.stop()
})
