import { createBackfill } from "@sluice/core/engine"
import type { DagRunRow } from "@sluice/core/store"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { eventually } from "../harness/eventually.ts"
import { Records } from "../harness/records.ts"
import { openWorld } from "../harness/world.ts"

const world = await openWorld({ dagFiles: ["schedules", "assets"], engines: [{}] })
await pause("seconds")

function pause(dagId: string): Promise<boolean> {
  return Effect.runPromise(world.store.setDagPaused({ dagId, isPaused: true, actor: "test" }))
}

async function runsOf(dagId: string): Promise<DagRunRow[]> {
  return (await Effect.runPromise(world.store.listDagRuns({ dagId, limit: 1000 }))).toReversed()
}

it("makes one run after the other of a continuous DAG, each for the time since the last", async () => {
  await eventually("three runs have ended", async () =>
    (await runsOf("ongoing")).filter((run) => run.state === "success").length >= 3 ? true : undefined,
  )
  await pause("ongoing")
  const runs = await runsOf("ongoing")
  for (const [place, run] of runs.slice(1).entries()) {
    const before = runs[place]!
    expect(run.dataIntervalStart).toEqual(before.dataIntervalEnd)
    // None is made before the one before has ended.
    expect(run.queuedAt.getTime()).toBeGreaterThanOrEqual(before.endedAt!.getTime())
  }
})

it("makes the run of a schedule that is past, once, and what a backfill asks for beside it", async () => {
  await eventually("the scheduled run has ended", async () =>
    (await runsOf("hours")).some((run) => run.state === "success") ? true : undefined,
  )
  const backfill = await Effect.runPromise(
    createBackfill(world.store, {
      ...{ dagId: "hours", from: new Date("2020-01-01T00:00:00Z"), to: new Date("2020-01-01T05:00:00Z") },
      ...{ isReversed: true, maxActiveRuns: 2, actor: "test" },
    }),
  )
  world.store.wake("plan")
  const ended = await eventually("the backfill has ended", async () => {
    const row = await Effect.runPromise(world.store.backfill(backfill.id))
    return row.endedAt === null ? undefined : row
  })
  expect(ended).toMatchObject({ total: 6, refused: 1, success: 5, failed: 0, running: 0 })
  const runs = await runsOf("hours")
  expect(runs.map((run) => [run.runType, run.logicalDate?.getUTCHours()])).toEqual([
    ["scheduled", 0],
    ...[5, 4, 3, 2, 1].map((hour) => ["backfill", hour]),
  ])
  for (const run of runs) {
    const [told] = new Records(world.folder, run.runId).all("ran")
    expect(told).toMatchObject({
      start: run.dataIntervalStart?.toISOString(),
      end: new Date(run.logicalDate!.getTime() + 3_600_000).toISOString(),
    })
  }
})

it("makes a run when each asset that a DAG waits for has had its event", async () => {
  const { store } = world
  const eventsOf = async (run: DagRunRow) =>
    (await Effect.runPromise(store.eventsOfRun({ dagRunId: run.id, skip: 0, limit: 10 }))).rows
  const ended = (dagId: string) =>
    eventually(`a run of ${dagId} has ended`, async () =>
      (await runsOf(dagId)).find((run) => run.state === "success"),
    )
  const producer = await world.runToEnd("makes_orders")
  const alone = await ended("after_orders")
  expect(await eventsOf(alone)).toMatchObject([
    {
      ...{ name: "orders", uri: "s3://lake/orders", extra: { rows: 3 } },
      source: {
        dagId: "makes_orders",
        runId: (await producer.row()).runId,
        taskId: "load_orders",
        mapIndex: -1,
      },
    },
  ])
  // The other one waits for users as well: what came of orders stays in its queue.
  expect(await runsOf("after_both")).toEqual([])
  const { assetId } = (await eventsOf(alone))[0]!
  expect(await Effect.runPromise(store.queuedAssets({ assetId, limit: 10 }))).toMatchObject([
    { dagId: "after_both", name: "orders", events: 1 },
  ])
  await world.runToEnd("makes_users")
  const both = await ended("after_both")
  expect(both).toMatchObject({ runType: "asset_triggered", triggeredBy: "asset", logicalDate: null })
  // One that emits by hand, and at last the map itself.
  const all = { filter: { taskId: "load_user" }, isDescending: false, skip: 0, limit: 10 }
  const made = await eventually("the events of the map", async () => {
    const { rows } = await Effect.runPromise(store.searchAssetEvents(all))
    return rows.length === 3 ? rows : undefined
  })
  expect(made.map(({ source, extra }) => [source?.mapIndex, extra])).toEqual([
    [0, { n: 0 }],
    [2, { n: 2 }],
    [-1, {}],
  ])
  const names = (await eventsOf(both)).map(({ name }) => name)
  expect(names).toContain("users")
  expect(new Records(world.folder, both.runId).all("ran")).toMatchObject([{ events: names }])
})
