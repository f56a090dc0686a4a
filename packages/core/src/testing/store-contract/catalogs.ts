import { describe, expect, it } from "vitest"
import type { CatalogStore, DagFilter, DagRunFilter } from "../../store/catalog-store.ts"
import { listedConfBytesMax } from "../../store/run-store.ts"
import type { StoreService } from "../../store/store.ts"
import { type TaskFixture, mapped, serializedDag } from "./dag-fixture.ts"
import type { OpenStore, StoreHarness } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import {
  claimOne,
  complete,
  createRun,
  decide,
  failed,
  foldAll,
  items,
  openMap,
  openWorld,
  register,
  retried,
} from "./world.ts"

/** Lists of DAGs, versions, runs, instances and XComs: filtered, ordered, counted. */
export function catalogContract(open: OpenStore): void {
  dagLists(open)
  runLists(open)
  instanceLists(open)
  xcomLists(open)
}

type DagSearch = Parameters<CatalogStore["searchDags"]>[0]
type RunSearch = Parameters<CatalogStore["searchDagRuns"]>[0]

const actor = "ada"

function dagLists(open: OpenStore): void {
  describe("lists of DAGs", () => {
    it("show each with its newest version", async () => {
      const { store } = await openDags(open)
      const summary = await runEffect(store.dagSummary("b_load"))
      expect(summary).toMatchObject({
        dagId: "b_load",
        isPaused: false,
        isStale: false,
        filePath: null,
        hasImportErrors: false,
        version: { dagId: "b_load", versionNumber: 2, bundleHash: "two", createdAt: expect.any(Date) },
        description: "loads",
        schedule: null,
        tags: ["x", "y"],
        planning: { catchup: false },
        hasConcurrencyLimits: true,
      })
      expect((await search(store, { filter: { idPatterns: ["b%"] } })).rows).toEqual([summary])
      expect(await failureOf(store.dagSummary("none"))).toMatchObject({ _tag: "NotFound", id: "none" })
    })

    it("are ordered, sliced and counted", async () => {
      const { store } = await openDags(open)
      const ids = async (options: Partial<DagSearch>) => {
        const { rows, total } = await search(store, options)
        return [rows.map(({ dagId }) => dagId), total]
      }
      expect(await ids({})).toEqual([["C", "a_load", "b_load"], 3])
      expect(await ids({ skip: 1, limit: 1 })).toEqual([["a_load"], 3])
      expect(await ids({ skip: 3 })).toEqual([[], 3])
      expect(await ids({ orderBy: [{ by: "dag_id", isDescending: true }], limit: 2 })).toEqual([
        ["b_load", "a_load"],
        3,
      ])
      await runEffect(store.setDagPaused({ dagId: "b_load", isPaused: true, actor }))
      expect(await ids({ orderBy: [{ by: "is_paused", isDescending: true }] })).toEqual([
        ["b_load", "C", "a_load"],
        3,
      ])
      // Whoever never ran comes last, whichever way.
      await createRun({ store } as StoreHarness, { dagId: "a_load", tasks: [] })
      for (const isDescending of [true, false])
        expect(await ids({ orderBy: [{ by: "last_run_state", isDescending }], limit: 1 })).toEqual([
          ["a_load"],
          3,
        ])
    })

    it("are found by the assets that they wait for", async () => {
      const { store } = await openDags(open)
      const assets = [{ name: "Orders", uri: "s3://lake/orders" }]
      const planning = { assets: { asset: "Orders" } }
      await register(store, serializedDag({ dagId: "waits", tasks: [], assets, planning }))
      const ids = async (filter: DagFilter) =>
        (await search(store, { filter })).rows.map(({ dagId }) => dagId)
      expect(await ids({ hasAssetSchedule: true })).toEqual(["waits"])
      expect(await ids({ hasAssetSchedule: false })).toEqual(["C", "a_load", "b_load"])
      expect(await ids({ assetContains: "order" })).toEqual(["waits"])
      expect(await ids({ assetContains: "S3://" })).toEqual(["waits"])
      expect(await ids({ assetContains: "%" })).toEqual([])
    })

    it.each<[DagFilter, string[]]>([
      [{ idPatterns: ["%LOAD"] }, ["a_load", "b_load"]],
      [{ idPatterns: ["_\\_load", "c"] }, ["C", "a_load", "b_load"]],
      [{ idPatterns: ["load", "a.load", "a*"] }, []],
      [{ idPatterns: [] }, []],
      [{ tags: ["y", "z"] }, ["b_load"]],
      [{ tags: ["y", "x"], tagsMatch: "all" }, ["b_load"]],
      [{ tags: ["y", "z"], tagsMatch: "all" }, []],
      [{ isPaused: true }, ["C"]],
      [{ isStale: true }, []],
      [{ isStale: false, isPaused: false }, ["a_load", "b_load"]],
      [{ hasImportErrors: true }, []],
      [{ bundleHash: "two" }, ["b_load"]],
      [{ lastRunState: "running" }, ["a_load"]],
      [{ lastRunState: "failed" }, []],
      [{ runStates: ["failed", "running"] }, ["a_load"]],
      [{ runStarted: { gte: new Date(0) } }, ["a_load"]],
      [{ runStarted: { lt: new Date(0) } }, []],
      [{ runEnded: { gt: new Date(0) } }, []],
    ])("of %j are %j", async (filter, expected) => {
      const { store } = await openDags(open)
      await runEffect(store.setDagPaused({ dagId: "C", isPaused: true, actor }))
      await createRun({ store } as StoreHarness, { dagId: "a_load", tasks: [] })
      const { rows, total } = await search(store, { filter })
      expect([rows.map(({ dagId }) => dagId), total]).toEqual([expected, expected.length])
    })

    it("show files that are broken, and DAGs that are gone from theirs", async () => {
      const { store } = await openWorld(open)
      const file = { folder: "dags", path: "a.ts" }
      const bundle = { hash: "h", code: "", sourceMap: null }
      const dags = [serializedDag({ dagId: "kept", tasks: [] }), serializedDag({ dagId: "gone", tasks: [] })]
      await runEffect(store.publishDagFile({ file, bundle, dags }))
      await runEffect(store.publishDagFile({ file, bundle, dags: dags.slice(0, 1) }))
      const error = { type: "SyntaxError", message: "no", stack: null }
      await runEffect(store.storeImportError({ file, error }))
      expect(await runEffect(store.dagSummary("kept"))).toMatchObject({
        filePath: "a.ts",
        hasImportErrors: true,
        isStale: false,
      })
      expect((await search(store, { filter: { isStale: true } })).rows).toMatchObject([{ dagId: "gone" }])
      expect((await search(store, { filter: { hasImportErrors: true, isStale: false } })).total).toBe(1)
    })
  })

  describe("versions and tags", () => {
    it("are listed and counted", async () => {
      const { store } = await openDags(open)
      const versions = async (options: Partial<Parameters<CatalogStore["listDagVersions"]>[0]>) => {
        const all = { dagId: "b_load", isNewestFirst: false, skip: 0, limit: 10, ...options }
        const { rows, total } = await runEffect(store.listDagVersions(all))
        return [rows.map((row) => `${row.dagId} ${row.versionNumber} ${row.bundleHash}`), total]
      }
      expect(await versions({})).toEqual([["b_load 1 one", "b_load 2 two"], 2])
      expect(await versions({ isNewestFirst: true, limit: 1 })).toEqual([["b_load 2 two"], 2])
      expect(await versions({ versionNumber: 2 })).toEqual([["b_load 2 two"], 1])
      expect(await versions({ dagId: null, bundleHash: "two" })).toEqual([["b_load 2 two"], 1])
      expect(await versions({ skip: 9 })).toEqual([[], 2])
      const tags = { isDescending: true, skip: 0, limit: 10 }
      expect(await runEffect(store.listDagTags(tags))).toEqual({ rows: ["y", "x"], total: 2 })
      expect(await runEffect(store.listDagTags({ ...tags, patterns: ["X"] }))).toEqual({
        rows: ["x"],
        total: 1,
      })
    })
  })
}

function runLists(open: OpenStore): void {
  describe("lists of runs", () => {
    it("show each with the version it runs", async () => {
      const { store } = await openRuns(open)
      const summary = await runEffect(store.dagRunSummary({ dagId: "a", runId: "r1" }))
      const { version, ...row } = summary
      expect(row).toEqual(await runEffect(store.dagRun({ dagId: "a", runId: "r1" })))
      expect(version).toMatchObject({
        id: row.dagVersionId,
        dagId: "a",
        versionNumber: 1,
        bundleHash: "bundle-1",
      })
      expect(row).toMatchObject({ note: "by hand", triggeredBy: "rest_api", triggeringUser: "ada" })
      const none = { dagId: "a", runId: "none" }
      expect(await failureOf(store.dagRunSummary(none))).toMatchObject({ _tag: "NotFound" })
    })

    it("are ordered, sliced and counted", async () => {
      const { store } = await openRuns(open)
      const ids = async (options: Partial<RunSearch>) => {
        const { rows, total } = await searchRuns(store, options)
        return [rows.map(({ runId }) => runId), total]
      }
      expect(await ids({})).toEqual([["r1", "r2", "r3", "r4"], 4])
      expect(await ids({ orderBy: [{ by: "id", isDescending: true }], skip: 1, limit: 2 })).toEqual([
        ["r3", "r2"],
        4,
      ])
      expect(await ids({ skip: 4 })).toEqual([[], 4])
      expect(await ids({ orderBy: [{ by: "logical_date", isDescending: true }] })).toEqual([
        ["r2", "r1", "r4", "r3"],
        4,
      ])
      expect(
        await ids({
          orderBy: [
            { by: "state", isDescending: true },
            { by: "run_id", isDescending: true },
          ],
        }),
      ).toEqual([["r3", "r4", "r2", "r1"], 4])
      for (const by of [
        "dag_id",
        "run_type",
        "run_after",
        "queued_at",
        "start_date",
        "end_date",
        "duration",
      ] as const)
        expect((await ids({ orderBy: [{ by, isDescending: false }] }))[1]).toBe(4)
    })

    it.each<[DagRunFilter, string[]]>([
      [{ dagIds: ["a"] }, ["r1", "r2", "r3"]],
      [{ dagIds: ["a", "b"], runIds: ["r1", "r4"] }, ["r1", "r4"]],
      [{ dagIds: [] }, []],
      [{ dagIdPatterns: ["B"] }, ["r4"]],
      [{ runIdPatterns: ["%1", "r4"] }, ["r1", "r4"]],
      [{ userPatterns: ["a%"] }, ["r1"]],
      [{ states: ["failed"] }, ["r3"]],
      [{ states: ["queued", "running"] }, ["r1", "r2", "r4"]],
      [{ runTypes: ["scheduled"] }, ["r2"]],
      [{ versionNumbers: [2] }, []],
      [{ bundleHash: "bundle-1" }, ["r1", "r2", "r3", "r4"]],
      [{ confContains: '"n":2' }, ["r2"]],
      [{ logicalDate: { gt: new Date("2020-01-01") } }, ["r2"]],
      [{ logicalDate: { gte: new Date("2020-01-01"), lt: new Date("2020-01-02") } }, ["r1"]],
      [{ runAfter: { lte: new Date("2020-01-02") } }, ["r1", "r2"]],
      [{ endDate: { gt: new Date(0) } }, ["r3"]],
      [{ startDate: { lt: new Date(0) } }, []],
      [{ duration: { gte: 0 } }, ["r3"]],
      [{ duration: { lt: 0 } }, []],
    ])("of %j are %j", async (filter, expected) => {
      const { store } = await openRuns(open)
      const { rows, total } = await searchRuns(store, { filter })
      expect([rows.map(({ runId }) => runId), total]).toEqual([expected, expected.length])
      const paged = await runEffect(store.pageDagRuns({ filter, isDescending: true, after: null, limit: 10 }))
      expect(paged.map(({ runId }) => runId)).toEqual(expected.toReversed())
    })

    it("are listed without a conf that is large, and read with it", async () => {
      const { store } = await openWorld(open)
      await register(store, serializedDag({ dagId: "a", tasks: [{ taskId: "t" }] }))
      const confOf = (bytes: number) => ({ x: "x".repeat(bytes) })
      const make = (runId: string, bytes: number) =>
        runEffect(
          store.createDagRun({
            ...{ dagId: "a", runId, runType: "manual", logicalDate: null },
            conf: confOf(bytes),
          }),
        )
      const large = await make("large", listedConfBytesMax)
      await make("small", listedConfBytesMax - 100)
      expect([large.conf, large.isConfLeftOut]).toEqual([confOf(listedConfBytesMax), false])
      const filter = { dagIds: ["a"] }
      const lists = [
        (await searchRuns(store, { filter })).rows,
        await runEffect(store.pageDagRuns({ filter, isDescending: false, after: null, limit: 10 })),
        (await runEffect(store.listDagRuns({ limit: 10 }))).toReversed(),
      ]
      for (const list of lists)
        expect(list.map(({ runId, conf, isConfLeftOut }) => [runId, conf, isConfLeftOut])).toEqual([
          ["large", null, true],
          ["small", confOf(listedConfBytesMax - 100), false],
        ])
      const alone = await runEffect(store.dagRunSummary({ dagId: "a", runId: "large" }))
      expect([alone.conf, alone.isConfLeftOut]).toEqual([large.conf, false])
    })

    it("go on by keyset in either direction", async () => {
      const { store } = await openRuns(open)
      for (const isDescending of [false, true]) {
        const seen: string[] = []
        for (let after: string | null = null; ;) {
          const rows: readonly { id: string; runId: string }[] = await runEffect(
            store.pageDagRuns({ filter: {}, isDescending, after, limit: 3 }),
          )
          seen.push(...rows.map(({ runId }) => runId))
          if (rows.length < 3) break
          after = rows.at(-1)!.id
        }
        expect(seen).toEqual(isDescending ? ["r4", "r3", "r2", "r1"] : ["r1", "r2", "r3", "r4"])
      }
    })

    it("are counted by state, and those that have not ended by DAG", async () => {
      const { store } = await openRuns(open)
      const counts = await runEffect(store.countRunsByState({ dagIds: ["a", "none"] }))
      expect([...counts].sort((a, b) => a.state.localeCompare(b.state))).toEqual([
        { dagId: "a", state: "failed", count: 1 },
        { dagId: "a", state: "running", count: 2 },
      ])
      expect(await runEffect(store.dagSummary("a"))).toMatchObject({ activeRuns: 2 })
    })

    it("are counted by the day on which they were due, the newest of many", async () => {
      const { store } = await openRuns(open)
      const starts = ["2019-12-31", "2020-01-01", "2020-01-02", "2020-01-03", "2099-01-01"].map(
        (date) => new Date(date),
      )
      const count = async (options: { dagId?: string; limit?: number; starts?: Date[] }) => {
        const found = await runEffect(store.countRunsByDay({ dagId: "a", starts, limit: 10, ...options }))
        return { ...found, counts: [...found.counts].sort((a, b) => a.day - b.day) }
      }
      expect(await count({})).toEqual({
        counts: [
          { day: 1, state: "running", count: 1 },
          { day: 2, state: "running", count: 1 },
          { day: 3, state: "failed", count: 1 },
        ],
        countedFrom: null,
      })
      expect(await count({ limit: 2 })).toEqual({
        counts: [
          { day: 2, state: "running", count: 1 },
          { day: 3, state: "failed", count: 1 },
        ],
        countedFrom: new Date("2020-01-02"),
      })
      expect(await count({ dagId: "none" })).toEqual({ counts: [], countedFrom: null })
      // A run that is due as the last day ends is of the day after.
      expect((await count({ starts: starts.slice(0, 2) })).counts).toEqual([])
    })

    it("take notes", async () => {
      const { store } = await openRuns(open)
      const { id } = await runEffect(store.dagRun({ dagId: "b", runId: "r4" }))
      await runEffect(store.setDagRunNote({ dagRunId: id, note: "late", actor }))
      expect(await runEffect(store.dagRunById(id))).toMatchObject({ note: "late" })
      await runEffect(store.setDagRunNote({ dagRunId: id, note: null, actor }))
      expect(await runEffect(store.dagRunById(id))).toMatchObject({ note: null })
      const none = store.setDagRunNote({ dagRunId: "999", note: null, actor })
      expect(await failureOf(none)).toMatchObject({ _tag: "NotFound" })
      expect(await runEffect(store.listEvents({ dagRunId: id, before: null, limit: 10 }))).toMatchObject([
        { event: "dag_run_note_set", detail: { note: null } },
        { event: "dag_run_note_set", detail: { note: "late" }, runId: "r4" },
      ])
    })

    it("have their tasks shown together", async () => {
      const { store } = await openRuns(open)
      const runs = await searchRuns(store, { filter: { dagIds: ["a"] } })
      const ids = runs.rows.map(({ id }) => id)
      const each = await Promise.all(ids.map((id) => runEffect(store.expansionsOfRun(id))))
      expect(await runEffect(store.expansionsOfRuns({ dagRunIds: ids }))).toEqual(each.flat())
      expect(await runEffect(store.expansionsOfRuns({ dagRunIds: [] }))).toEqual([])
    })
  })
}

function instanceLists(open: OpenStore): void {
  describe("instances at places", () => {
    it("are those at the indexes, page by page, across expansions", async () => {
      const { store, load, unmapped } = await openInstances(open)
      const at = async (ranges: readonly (readonly [string, number, number])[]) =>
        (
          await runEffect(
            store.instancesAt({
              ranges: ranges.map(([expansionId, skip, limit]) => ({ expansionId, skip, limit })),
              states: null,
            }),
          )
        ).map(({ taskId, mapIndex }) => `${taskId}${mapIndex}`)
      expect(await at([[load, 0, 3]])).toEqual(["load0", "load1", "load2"])
      expect(await at([[load, 3, 4]])).toEqual(["load3", "load4", "load5", "load6"])
      expect(await at([[load, 8, 5]])).toEqual(["load8", "load9"])
      expect(await at([[load, 10, 5]])).toEqual([])
      expect(
        await at([
          [unmapped, 0, 1],
          [load, 9, 1],
        ]),
      ).toEqual(["first-1", "load9"])
      expect(await at([])).toEqual([])
    })

    it("are the same as in the list of one expansion, whatever the states, the start and the length", async () => {
      const { store, load } = await openInstances(open)
      const all = await runEffect(store.listTaskInstances({ expansionId: load, afterIndex: -2, limit: 100 }))
      const choices = [
        null,
        ["success"],
        ["failed", "success"],
        ["scheduled"],
        ["running", "up_for_retry"],
        ["scheduled", "success", "upstream_failed"],
        ["skipped"],
      ] as const
      for (const states of choices) {
        const fitting = all.filter((view) => states === null || states.some((state) => state === view.state))
        for (const [skip, limit] of [
          [0, 100],
          [0, 1],
          [1, 2],
          [2, 3],
          [fitting.length, 1],
        ] as const) {
          const ranges = [{ expansionId: load, skip, limit }]
          expect(await runEffect(store.instancesAt({ ranges, states }))).toEqual(
            fitting.slice(skip, skip + limit),
          )
        }
        if (states === null) continue
        const counted = await runEffect(store.countInstances({ expansionIds: [load], states }))
        const expected = fitting.length === 0 ? [] : [{ expansionId: load, count: fitting.length }]
        expect(counted).toEqual(expected)
      }
    })
  })
}

function xcomLists(open: OpenStore): void {
  describe("lists of XComs", () => {
    it("show what instances returned and pushed, in the order of index and key", async () => {
      const world = await openWorld(open)
      const { store } = world
      const { expansionId, commit } = await openMap(world)
      await commit(items(3))
      const lease = await claimOne(store)
      const xcoms = ["zz", "b"].map((key) => ({ mapIndex: 1, key, value: "1" }))
      await complete(store, lease, { exceptions: [failed(2)], xcoms })
      const list = async (options: Partial<Parameters<CatalogStore["listXComs"]>[0]>) => {
        const all = { expansionId, mapIndex: null, skip: 0, limit: 10, ...options }
        const { rows, total } = await runEffect(store.listXComs(all))
        return [rows.map(({ mapIndex, key }) => `${mapIndex} ${key}`), total]
      }
      expect(await list({})).toEqual([["0 return_value", "1 b", "1 return_value", "1 zz"], 4])
      expect(await list({ skip: 1, limit: 2 })).toEqual([["1 b", "1 return_value"], 4])
      expect(await list({ mapIndex: 1, keyPatterns: ["%Z%"] })).toEqual([["1 zz"], 1])
      expect(await list({ keyPatterns: ["return%"] })).toEqual([["0 return_value", "1 return_value"], 2])
      expect(await list({ mapIndex: 2 })).toEqual([[], 0])
      expect(await list({ skip: 9 })).toEqual([[], 4])
      const { rows } = await runEffect(store.listXComs({ expansionId, mapIndex: 0, skip: 0, limit: 1 }))
      expect(rows[0]!.at).toBeInstanceOf(Date)
    })
  })
}

/** Three DAGs: one of two versions with tags, one with a capital, one plain. */
async function openDags(open: OpenStore): Promise<StoreHarness> {
  const world = await openWorld(open)
  const tasks: TaskFixture[] = [{ taskId: "t", concurrency: 3 }]
  await register(world.store, serializedDag({ dagId: "b_load", tasks: [] }), "one")
  const newest = { ...serializedDag({ dagId: "b_load", tasks }), tags: ["x", "y"], description: "loads" }
  await register(world.store, newest, "two")
  for (const dagId of ["a_load", "C"]) await register(world.store, serializedDag({ dagId, tasks: [] }))
  return world
}

function search(store: StoreService, options: Partial<DagSearch>) {
  return runEffect(store.searchDags({ filter: {}, orderBy: [], skip: 0, limit: 10, ...options }))
}

function searchRuns(store: StoreService, options: Partial<RunSearch>) {
  return runEffect(store.searchDagRuns({ filter: {}, orderBy: [], skip: 0, limit: 10, ...options }))
}

/** Runs r1 to r4: three of `a`, the third of them cancelled, and one of `b`. */
async function openRuns(open: OpenStore): Promise<StoreHarness> {
  const world = await openWorld(open)
  const { store } = world
  for (const dagId of ["a", "b"]) await register(store, serializedDag({ dagId, tasks: [{ taskId: "t" }] }))
  const make = (runId: string, dagId: string, more: object) =>
    runEffect(store.createDagRun({ dagId, runId, runType: "manual", conf: {}, logicalDate: null, ...more }))
  const asked = { note: "by hand", triggeredBy: "rest_api", triggeringUser: "ada" }
  await make("r1", "a", { logicalDate: new Date("2020-01-01"), ...asked })
  await make("r2", "a", { logicalDate: new Date("2020-01-02"), runType: "scheduled", conf: { n: 2 } })
  const cancelled = await make("r3", "a", {})
  await runEffect(store.cancelDagRun({ dagRunId: cancelled.id, note: "enough", actor }))
  await make("r4", "b", {})
  return world
}

/** A map of ten instances in three pages: one folded, the others in every state; and a task that runs. */
async function openInstances(open: OpenStore) {
  const world = await openWorld(open)
  const { store } = world
  const other = await createRun(world, { dagId: "other", tasks: [{ taskId: "first" }] })
  await decide(store, other.ids["first"]!, "draining")
  await claimOne(store)
  const map = await openMap(world, { task: mapped("load") })
  await map.commit(items(3))
  await complete(store, await claimOne(store, { sizeDefault: 3 }), { exceptions: [failed(1)] })
  expect(await foldAll(store)).toBe(1)
  await map.commit(["3", null, "5", "6"])
  await complete(store, await claimOne(store, { sizeDefault: 2 }), { exceptions: [retried(3)] })
  await map.commit(items(3))
  await claimOne(store, { sizeDefault: 1 })
  return { store, load: map.expansionId, unmapped: other.ids["first"]! }
}
