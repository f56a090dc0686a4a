import { describe, expect, it } from "vitest"
import type { Leadership } from "../../store/planner-store.ts"
import type { StoreService } from "../../store/store.ts"
import type { AssetCondition } from "../../time/asset-condition.ts"
import { mapped, serializedDag, type TaskFixture } from "./dag-fixture.ts"
import type { OpenStore } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import {
  claimOne,
  complete,
  createRun,
  decide,
  failed,
  foldAll,
  items,
  openStream,
  openWorld,
  register,
} from "./world.ts"

const a: AssetCondition = { asset: "a" }
const both: AssetCondition = { all: [a, { asset: "b" }] }

/** Stores a DAG that waits for assets. */
async function define(
  store: StoreService,
  dagId: string,
  options: { assets?: AssetCondition | null; maxActiveRuns?: number; tasks?: readonly TaskFixture[] } = {},
) {
  const { assets = a, maxActiveRuns = 16, tasks = [{ taskId: "t" }] } = options
  const definitions = ["a", "b"].map((name) => ({ name, uri: `s3://${name}` }))
  const dag = serializedDag({ dagId, tasks, assets: definitions, planning: { assets, maxActiveRuns } })
  return register(store, dag)
}

async function lead(store: StoreService, holder = "p1"): Promise<Leadership> {
  const epoch = await runEffect(store.lead({ role: "planner", holder, leaseSeconds: 60 }))
  if (epoch === null) throw new Error(`${holder} does not lead`)
  return { role: "planner", holder, epoch }
}

async function emit(store: StoreService, name: string, extra = {}) {
  const { id } = await runEffect(store.asset({ name }))
  return runEffect(store.emitAssetEvent({ assetId: id, extra, actor: "test" }))
}

const tell = (store: StoreService, leadership: Leadership, limit = 100) =>
  runEffect(store.takeAssetEvents({ leadership, limit }))

const due = (store: StoreService) => runEffect(store.dueAssetDags({ limit: 100 }))

/** Makes the run of a DAG that is due. */
async function fire(store: StoreService, leadership: Leadership, dagId: string) {
  const dag = (await due(store)).find((one) => one.dagId === dagId)
  if (dag === undefined) throw new Error(`${dagId} is not due`)
  return runEffect(store.moveAssetDag({ leadership, dagId, seq: dag.seq, runId: `after-${dag.seq}` }))
}

const queued = async (store: StoreService, filter: { dagId?: string; assetId?: string } = {}) =>
  (await runEffect(store.queuedAssets({ ...filter, limit: 100 }))).map((row) => [
    row.dagId,
    row.name,
    row.events,
  ])

const allEvents = async (store: StoreService) =>
  (await runEffect(store.searchAssetEvents({ filter: {}, isDescending: false, skip: 0, limit: 100 }))).rows

/** Assets, their events, and the runs that follow. */
export function assetContract(open: OpenStore): void {
  describe("an asset", () => {
    it("is there with the DAG that names it, with who waits for it and who makes it", async () => {
      const { store } = await openWorld(open)
      await define(store, "waits")
      await define(store, "makes", { assets: null, tasks: [{ taskId: "load", outlets: ["a"] }] })
      expect(await runEffect(store.asset({ name: "a" }))).toMatchObject({
        ...{ name: "a", uri: "s3://a", group: "asset", extra: {}, lastEvent: null },
        scheduledDags: ["waits"],
        producingTasks: [{ dagId: "makes", taskId: "load" }],
      })
      const event = await emit(store, "a")
      const { id, lastEvent } = await runEffect(store.asset({ name: "a" }))
      expect(lastEvent).toEqual({ id: event.id, at: event.at })
      expect(await runEffect(store.asset({ id }))).toMatchObject({ name: "a" })
      expect(await failureOf(store.asset({ id: "4711" }))).toMatchObject({ _tag: "NotFound" })
    })

    it("is as the DAG says that was stored last", async () => {
      const { store } = await openWorld(open)
      await define(store, "waits")
      const before = await runEffect(store.asset({ name: "a" }))
      const assets = [{ name: "a", uri: "s3://moved", group: "lake", extra: { owner: "ada" } }]
      await register(store, serializedDag({ dagId: "other", tasks: [], assets, planning: { assets: a } }))
      expect(await runEffect(store.asset({ name: "a" }))).toMatchObject({
        ...{ id: before.id, uri: "s3://moved", group: "lake", extra: { owner: "ada" } },
        scheduledDags: ["other", "waits"],
      })
    })

    it("is used by no DAG that does not name it any more, or is stale", async () => {
      const { store } = await openWorld(open)
      const file = { folder: "/dags", path: "x.ts" }
      const bundle = { hash: "bundle-1", code: "//", sourceMap: null }
      const planning = { assets: a }
      const tasks = [{ taskId: "t", outlets: ["b"] }]
      const assets = [{ name: "a" }, { name: "b" }]
      const dag = serializedDag({ dagId: "filed", tasks, assets, planning })
      await runEffect(store.publishDagFile({ file, bundle, dags: [dag] }))
      expect(await usersOf(store, "a")).toEqual(["filed"])
      await runEffect(store.removeDagFiles({ folder: "/dags", paths: ["x.ts"] }))
      expect([await usersOf(store, "a"), await usersOf(store, "b")]).toEqual([[], []])
      await runEffect(store.publishDagFile({ file, bundle, dags: [dag] }))
      expect([await usersOf(store, "a"), await usersOf(store, "b")]).toEqual([["filed"], ["filed"]])
      const plain = serializedDag({ dagId: "filed", tasks: [], assets: [] })
      await runEffect(store.publishDagFile({ file, bundle: { ...bundle, hash: "bundle-2" }, dags: [plain] }))
      expect([await usersOf(store, "a"), await usersOf(store, "b")]).toEqual([[], []])
      const active = { filter: { onlyActive: true }, orderBy: [], skip: 0, limit: 10 }
      expect(await runEffect(store.searchAssets(active))).toEqual({ rows: [], total: 0 })
    })

    it("is found by patterns and users, in an order, and counted", async () => {
      const { store } = await openWorld(open)
      await define(store, "waits")
      const search = (filter: object, skip = 0) =>
        runEffect(
          store.searchAssets({ filter, orderBy: [{ by: "name", isDescending: true }], skip, limit: 1 }),
        )
      expect(await search({})).toMatchObject({ rows: [{ name: "b" }], total: 2 })
      expect(await search({}, 1)).toMatchObject({ rows: [{ name: "a" }], total: 2 })
      expect(await search({ namePatterns: ["A%"] })).toMatchObject({ rows: [{ name: "a" }], total: 1 })
      expect(await search({ uriPatterns: ["%b"] })).toMatchObject({ rows: [{ name: "b" }], total: 1 })
      expect(await search({ dagIds: ["waits"] })).toMatchObject({ rows: [{ name: "a" }], total: 1 })
      expect(await search({ dagIds: [] })).toEqual({ rows: [], total: 0 })
    })
  })

  describe("an asset event", () => {
    it("comes from outside with what it says, and who said so is noted", async () => {
      const { store } = await openWorld(open)
      await define(store, "waits")
      const event = await emit(store, "a", { rows: 3 })
      expect(event).toMatchObject({ name: "a", uri: "s3://a", extra: { rows: 3 }, source: null })
      expect(await allEvents(store)).toEqual([event])
      const [noted] = await runEffect(store.listEvents({ before: null, limit: 1 }))
      expect(noted).toMatchObject({
        ...{ event: "asset_event_emitted", actor: "test" },
        detail: { asset: "a", event_id: event.id },
      })
      const unknown = store.emitAssetEvent({ assetId: "4711", extra: {}, actor: "test" })
      expect(await failureOf(unknown)).toMatchObject({ _tag: "NotFound" })
    })

    it("is stored with the success of the instance that made it, and not without", async () => {
      const { store, runId } = await producing(open, mapped("load", { outlets: ["a"] }))
      const lease = await claimOne(store)
      const made = { mapIndex: 1, asset: "a", extra: '{"rows":1}' }
      const late = store.complete({
        ...{
          workerId: "another",
          leaseId: lease.leaseId,
          isRetry: false,
          remainingBefore: 3,
          indexes: [1],
          values: "[1]",
        },
        ...{ timings: null, exceptions: [], xcoms: [], assetEvents: [made], leaseSeconds: 30 },
      })
      expect(await failureOf(late)).toMatchObject({ _tag: "LeaseLost" })
      expect(await allEvents(store)).toEqual([])
      await complete(store, lease, { indexes: [1], assetEvents: [made], exceptions: [failed(0)] })
      expect(await allEvents(store)).toMatchObject([
        { name: "a", extra: { rows: 1 }, source: { dagId: "makes", runId, taskId: "load", mapIndex: 1 } },
      ])
    })

    it("comes once with the success of a whole map, and with no failure of one", async () => {
      const { store, expansionId } = await producing(open, mapped("load", { outlets: ["a", "b"] }))
      const lease = await claimOne(store)
      await complete(store, lease)
      await foldAll(store)
      expect(await allEvents(store)).toEqual([])
      await decide(store, expansionId, "success")
      expect((await allEvents(store)).map(({ name, source }) => [name, source?.mapIndex])).toEqual([
        ["a", -1],
        ["b", -1],
      ])
    })

    it("is not made by a map that failed", async () => {
      const { store, expansionId } = await producing(open, mapped("load", { outlets: ["a"] }))
      await complete(store, await claimOne(store), { exceptions: [failed(0)] })
      await foldAll(store)
      await decide(store, expansionId, "failed")
      expect(await allEvents(store)).toEqual([])
    })

    it("is found by its asset, its source and its time", async () => {
      const { store, runId } = await producing(open, mapped("load", { outlets: ["a"] }))
      const made = [0, 2].map((mapIndex) => ({ mapIndex, asset: "a", extra: "{}" }))
      await complete(store, await claimOne(store), { assetEvents: made })
      const outside = await emit(store, "b")
      const search = async (filter: object) =>
        (
          await runEffect(store.searchAssetEvents({ filter, isDescending: true, skip: 0, limit: 10 }))
        ).rows.map(({ name, source }) => source?.mapIndex ?? name)
      expect(await search({})).toEqual(["b", 2, 0])
      expect(await search({ assetId: outside.assetId })).toEqual(["b"])
      expect(await search({ dagId: "makes", runId, taskId: "load", mapIndex: 2 })).toEqual([2])
      expect(await search({ dagId: "makes", taskId: "other" })).toEqual([])
      expect(await search({ at: { lt: new Date(0) } })).toEqual([])
      expect(await search({ at: { gte: outside.at } })).toContain("b")
      const slice = { filter: {}, isDescending: false, skip: 1, limit: 1 }
      expect(await runEffect(store.searchAssetEvents(slice))).toMatchObject({
        ...{ rows: [{ source: { mapIndex: 2 } }], total: 3 },
      })
    })
  })

  describe("a DAG that waits for assets", () => {
    it("is told once of each event, in one row for each asset", async () => {
      const { store } = await openWorld(open)
      await define(store, "one")
      await define(store, "two", { assets: both })
      const leadership = await lead(store)
      for (const name of ["a", "a", "b", "a"]) await emit(store, name)
      expect(await queued(store)).toEqual([])
      expect(await tell(store, leadership, 3)).toBe(3)
      expect(await tell(store, leadership, 3)).toBe(1)
      expect(await tell(store, leadership, 3)).toBe(0)
      const rows = [
        ["one", "a", 3],
        ["two", "a", 3],
        ["two", "b", 1],
      ]
      expect(await queued(store)).toEqual(rows)
      expect(await queued(store, { dagId: "one" })).toEqual(rows.slice(0, 1))
      const { id } = await runEffect(store.asset({ name: "b" }))
      expect(await queued(store, { assetId: id })).toEqual(rows.slice(2))
    })

    it("is due with what it was told, until it is known not to be enough", async () => {
      const { store } = await openWorld(open)
      await define(store, "two", { assets: both })
      const leadership = await lead(store)
      await emit(store, "a")
      await tell(store, leadership)
      const [dag] = await due(store)
      expect(dag).toMatchObject({ dagId: "two", condition: both, queued: ["a"] })
      const rest = { leadership, dagId: "two", seq: dag!.seq, runId: null }
      expect(await runEffect(store.moveAssetDag(rest))).toEqual({ isMoved: true, run: null })
      expect(await due(store)).toEqual([])
      // More of the same asset changes nothing; another one may.
      await emit(store, "a")
      await tell(store, leadership)
      expect(await due(store)).toEqual([])
      await emit(store, "b")
      await tell(store, leadership)
      expect(await due(store)).toMatchObject([{ queued: ["a", "b"] }])
    })

    it("gets a run that has taken all that it was told", async () => {
      const { store } = await openWorld(open)
      const { dagVersionId } = await define(store, "two", { assets: both })
      await define(store, "one")
      const leadership = await lead(store)
      const events = [
        await emit(store, "a", { n: 1 }),
        await emit(store, "b"),
        await emit(store, "a", { n: 2 }),
      ]
      await tell(store, leadership)
      const { isMoved, run } = await fire(store, leadership, "two")
      expect(isMoved).toBe(true)
      expect(run).toMatchObject({
        ...{ dagId: "two", dagVersionId, runType: "asset_triggered", triggeredBy: "asset", state: "running" },
        ...{ conf: {}, logicalDate: null, dataIntervalStart: null },
      })
      expect((await runEffect(store.dueExpansions({ limit: 10 }))).map((one) => one.dagRunId)).toEqual([
        run!.id,
      ])
      expect(await queued(store)).toEqual([["one", "a", 2]])
      // What comes later is of the next run.
      await emit(store, "a", { n: 3 })
      await tell(store, leadership)
      const consumed = await runEffect(store.eventsOfRun({ dagRunId: run!.id, skip: 0, limit: 10 }))
      expect(consumed).toEqual({ rows: events, total: 3 })
      const { run: other } = await fire(store, leadership, "one")
      const ids = events.map((event) => event.id)
      const consumers = await runEffect(store.consumersOfEvents(ids))
      expect(consumers.map(({ eventId, run: { dagId } }) => [ids.indexOf(eventId), dagId])).toEqual([
        [0, "two"],
        [0, "one"],
        [1, "two"],
        [2, "two"],
        [2, "one"],
      ])
      expect(consumers[1]!.run).toEqual(other)
      const slice = { dagRunId: other!.id, skip: 1, limit: 1 }
      expect(await runEffect(store.eventsOfRun(slice))).toMatchObject({
        rows: [{ extra: { n: 2 } }],
        total: 3,
      })
    })

    it("gets one run of what it was told, however often and by whomever it is asked at once", async () => {
      const { store } = await openWorld(open)
      await define(store, "one")
      const leadership = await lead(store)
      await emit(store, "a")
      await tell(store, leadership)
      const [dag] = await due(store)
      const move = { leadership, dagId: "one", seq: dag!.seq, runId: "after" }
      const all = await Promise.all(Array.from({ length: 6 }, () => runEffect(store.moveAssetDag(move))))
      expect(all.filter(({ isMoved }) => isMoved)).toHaveLength(1)
      expect(await runEffect(store.listDagRuns({ dagId: "one", limit: 10 }))).toHaveLength(1)
    })

    it("gets no run from what was read before it was told of more, nor from who leads no more", async () => {
      const { store, elapse } = await openWorld(open)
      await define(store, "one")
      const leadership = await lead(store)
      await emit(store, "a")
      await tell(store, leadership)
      const [dag] = await due(store)
      await emit(store, "a")
      await tell(store, leadership)
      const move = { leadership, dagId: "one", seq: dag!.seq, runId: "after" }
      expect(await runEffect(store.moveAssetDag(move))).toEqual({ isMoved: false, run: null })
      await elapse(61_000)
      expect(await tell(store, leadership)).toBeNull()
      const fresh = { ...move, seq: (await due(store))[0]!.seq }
      expect(await runEffect(store.moveAssetDag(fresh))).toEqual({ isMoved: false, run: null })
      const next = await lead(store, "p2")
      expect((await runEffect(store.moveAssetDag({ ...fresh, leadership: next }))).isMoved).toBe(true)
    })

    it("has its events gather while it is paused, or has no place for a run", async () => {
      const { store } = await openWorld(open)
      await define(store, "one", { maxActiveRuns: 1 })
      const leadership = await lead(store)
      const pause = (isPaused: boolean) => store.setDagPaused({ dagId: "one", isPaused, actor: "test" })
      await runEffect(pause(true))
      await emit(store, "a")
      await tell(store, leadership)
      expect(await due(store)).toEqual([])
      await runEffect(pause(false))
      const { run } = await fire(store, leadership, "one")
      for (let n = 0; n < 3; n++) await emit(store, "a")
      await tell(store, leadership)
      expect([await due(store), await queued(store)]).toEqual([[], [["one", "a", 3]]])
      await runEffect(store.cancelDagRun({ dagRunId: run!.id, note: "ended", actor: "test" }))
      expect((await fire(store, leadership, "one")).isMoved).toBe(true)
      expect(await queued(store)).toEqual([])
    })

    it("keeps no row of an asset that it does not wait for any more, and is looked at anew", async () => {
      const { store } = await openWorld(open)
      await define(store, "one", { assets: both })
      const leadership = await lead(store)
      await emit(store, "a")
      await emit(store, "b")
      await tell(store, leadership)
      await define(store, "one")
      expect(await queued(store)).toEqual([["one", "a", 1]])
      expect(await due(store)).toMatchObject([{ condition: a, queued: ["a"] }])
      await define(store, "one", { assets: null })
      expect([await queued(store), await due(store)]).toEqual([[], []])
    })

    it("keeps no row when it is stale, and is told of nothing then", async () => {
      const { store } = await openWorld(open)
      const file = { folder: "/dags", path: "x.ts" }
      const bundle = { hash: "bundle-1", code: "//", sourceMap: null }
      const dag = serializedDag({ dagId: "one", tasks: [], assets: [{ name: "a" }], planning: { assets: a } })
      await runEffect(store.publishDagFile({ file, bundle, dags: [dag] }))
      const leadership = await lead(store)
      await emit(store, "a")
      await tell(store, leadership)
      expect(await queued(store)).toEqual([["one", "a", 1]])
      await runEffect(store.removeDagFiles({ folder: "/dags", paths: ["x.ts"] }))
      await emit(store, "a")
      await tell(store, leadership)
      expect([await queued(store), await due(store)]).toEqual([[], []])
      await runEffect(store.publishDagFile({ file, bundle, dags: [dag] }))
      expect(await queued(store)).toEqual([])
      await emit(store, "a")
      await tell(store, leadership)
      expect(await queued(store)).toEqual([["one", "a", 1]])
    })

    it("forgets what it was told when somebody says so", async () => {
      const { store } = await openWorld(open)
      await define(store, "one")
      await define(store, "two", { assets: both })
      const leadership = await lead(store)
      await emit(store, "a")
      const { assetId } = await emit(store, "b")
      await tell(store, leadership)
      const drop = (filter: object) => runEffect(store.dropQueuedAssets({ ...filter, actor: "test" }))
      expect(await drop({ before: new Date(0) })).toBe(0)
      expect(await drop({ dagId: "two", assetId })).toBe(1)
      expect(await queued(store)).toEqual([
        ["one", "a", 1],
        ["two", "a", 1],
      ])
      expect(await drop({ dagId: "one" })).toBe(1)
      const [noted] = await runEffect(store.listEvents({ before: null, limit: 1 }))
      expect(noted).toMatchObject({ event: "asset_queue_dropped", actor: "test" })
      expect(await drop({ assetId })).toBe(0)
    })
  })
}

/** A run of a map of three instances whose stream has ended, and the store that it is in. */
async function producing(open: OpenStore, task: TaskFixture) {
  const world = await openWorld(open)
  const { store } = world
  await define(store, "waits", { assets: both })
  const { run, ids } = await createRun(world, { dagId: "makes", runId: "r1", tasks: [task] })
  const expansionId = ids["load"]!
  const map = await openStream(store, run.id, expansionId)
  await map.commit(items(3), { exhausted: true })
  return { store, expansionId, runId: run.runId }
}

async function usersOf(store: StoreService, name: string): Promise<string[]> {
  const { scheduledDags, producingTasks } = await runEffect(store.asset({ name }))
  return [...scheduledDags, ...producingTasks.map(({ dagId }) => dagId)]
}
