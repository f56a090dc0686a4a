import { describe, expect, it } from "vitest"
import type { ParseMode } from "../../dag/serialized-dag.ts"
import { withCaptured } from "../../host/captured-bundle.ts"
import type { Leadership } from "../../store/planner-store.ts"
import type { StoreService } from "../../store/store.ts"
import { planningDefaults } from "../../time/timetable.ts"
import { serializedDag } from "./dag-fixture.ts"
import type { OpenStore } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import { newRun, openWorld, register } from "./world.ts"

const folder = "dags"
const processor = "processor-1"
const claimSeconds = 60

/** What a file defines: a DAG for each id, parsed for every run unless it says otherwise. */
function dagOf(
  dagId: string,
  given: { readonly taskId?: string; readonly parse?: ParseMode; readonly maxActiveRuns?: number } = {},
) {
  const { taskId = "one", parse = "every-run", maxActiveRuns = 16 } = given
  return serializedDag({ dagId, parse, tasks: [{ taskId }], planning: { maxActiveRuns } })
}

const code = { hash: "code", code: "// code", sourceMap: null }

/** Publishes a file whose tasks are named by what it captured; says which version counts of each DAG. */
async function publish(
  store: StoreService,
  options: { path?: string; taskId?: string; dags?: Parameters<typeof dagOf>[]; renewed?: string[] } = {},
): Promise<Readonly<Record<string, string>>> {
  const { path = "a.ts", taskId = "one", dags = [["a"]], renewed } = options
  const result = await runEffect(
    store.publishDagFile({
      file: { folder, path },
      bundle: withCaptured(code, { tasks: JSON.stringify([path, taskId]) }),
      dags: dags.map(([dagId, given]) => dagOf(dagId, { taskId, ...given })),
      ...(renewed !== undefined && { renewed }),
    }),
  )
  if (result.kind === "refused") throw new Error("the file was refused")
  return Object.fromEntries(result.versions.map(({ dagId, dagVersionId }) => [dagId, dagVersionId]))
}

const claim = (store: StoreService, options: Partial<Parameters<StoreService["claimParses"]>[0]> = {}) =>
  runEffect(store.claimParses({ folder, processor, claimSeconds, limit: 10, ...options }))

const release = (store: StoreService, dagIds: readonly string[], by = processor) =>
  runEffect(store.releaseParses({ processor: by, dagIds }))

function attach(
  store: StoreService,
  dagId: string,
  dagVersionId: string | undefined,
  upTo: string,
  limit = 100,
) {
  if (dagVersionId === undefined) throw new Error(`no version of ${dagId}`)
  return runEffect(store.attachRuns({ versions: [{ dagId, dagVersionId }], upTo, limit }))
}

const fail = (store: StoreService, dagIds: readonly string[], upTo: string) =>
  runEffect(store.failUnparsedRuns({ dagIds, upTo, note: "a.ts: SyntaxError", limit: 100 }))

const make = (store: StoreService, runId: string, dagId = "a") => newRun(store, { dagId, runId })
const admit = (store: StoreService) => runEffect(store.admitDagRuns({ limit: 100 }))
const runOf = (store: StoreService, runId: string, dagId = "a") => runEffect(store.dagRun({ dagId, runId }))

async function tasksOf(store: StoreService, runId: string, dagId = "a"): Promise<string[]> {
  const run = await runOf(store, runId, dagId)
  return (await runEffect(store.expansionsOfRun(run.id))).map((view) => view.taskId)
}

async function lead(store: StoreService): Promise<Leadership> {
  const epoch = await runEffect(store.lead({ role: "planner", holder: "p", leaseSeconds: 600 }))
  if (epoch === null) throw new Error("another leads")
  return { role: "planner", holder: "p", epoch }
}

/** Runs that wait until the file of their DAG has been parsed anew. */
export function parseContract(open: OpenStore): void {
  describe("a run of a DAG that is parsed for every run", () => {
    it("waits without tasks, whatever room there is, and starts as a run of the version that is parsed", async () => {
      const { store } = await openWorld(open)
      const before = await publish(store)
      const run = await make(store, "r")
      expect(run).toMatchObject({
        state: "queued",
        awaitsParse: true,
        dagVersionId: before["a"],
        startedAt: null,
      })
      expect(await tasksOf(store, "r")).toEqual([])
      expect(await admit(store)).toBe(0)
      expect(await runEffect(store.dag("a"))).toMatchObject({
        ...{ queuedRuns: 1, runningRuns: 0, awaitingRuns: 1, parse: "every-run", filePath: "a.ts" },
      })
      const requests = await claim(store)
      expect(requests).toEqual([{ path: "a.ts", dagIds: ["a"], upTo: run.id }])
      const after = await publish(store, { taskId: "two", renewed: ["a"] })
      expect(await attach(store, "a", after["a"], run.id)).toBe(1)
      expect(await runOf(store, "r")).toMatchObject({
        state: "queued",
        awaitsParse: false,
        dagVersionId: after["a"],
      })
      expect(await tasksOf(store, "r")).toEqual(["two"])
      expect(await admit(store)).toBe(1)
      expect(await runOf(store, "r")).toMatchObject({ state: "running", startedAt: expect.any(Date) })
      expect(await runEffect(store.dueExpansions({ limit: 10 }))).toMatchObject([{ state: "waiting" }])
      expect(await runEffect(store.dag("a"))).toMatchObject({
        queuedRuns: 0,
        runningRuns: 1,
        awaitingRuns: 0,
      })
    })

    it("keeps its own version when later runs get others, and shares one that is the same again", async () => {
      const { store } = await openWorld(open)
      const first = await publish(store)
      for (const [runId, taskId] of [
        ["r1", "one"],
        ["r2", "two"],
        ["r3", "one"],
      ] as const) {
        const { id } = await make(store, runId)
        const parsed = await publish(store, { taskId, renewed: ["a"] })
        await attach(store, "a", parsed["a"], id)
      }
      expect([await tasksOf(store, "r1"), await tasksOf(store, "r2"), await tasksOf(store, "r3")]).toEqual([
        ["one"],
        ["two"],
        ["one"],
      ])
      expect((await runOf(store, "r1")).dagVersionId).toBe(first["a"])
      expect((await runOf(store, "r3")).dagVersionId).toBe(first["a"])
      expect(
        await runEffect(store.listDagVersions({ dagId: "a", isNewestFirst: false, skip: 0, limit: 9 })),
      ).toMatchObject({
        total: 2,
      })
    })

    it("starts at once where it was parsed for itself, and where no processor has the file", async () => {
      const { store } = await openWorld(open)
      const { dagVersionId } = await register(store, dagOf("loose"))
      expect(await make(store, "r", "loose")).toMatchObject({
        state: "running",
        awaitsParse: false,
        dagVersionId,
      })
      const { a: parsedVersionId = "" } = await publish(store)
      await publish(store, { taskId: "two" })
      const run = { dagId: "a", runId: "r", runType: "manual", conf: {}, logicalDate: null } as const
      expect(await runEffect(store.createDagRun({ ...run, parsedVersionId }))).toMatchObject({
        ...{ state: "running", awaitsParse: false, dagVersionId: parsedVersionId },
      })
      await runEffect(store.removeDagFiles({ folder, paths: ["a.ts"] }))
      expect(await make(store, "stale")).toMatchObject({ awaitsParse: false })
    })

    it("holds back no run that waits for nothing but room, and takes its place among them", async () => {
      const { store } = await openWorld(open)
      const dags: Parameters<typeof dagOf>[] = [["a", { maxActiveRuns: 1 }]]
      await publish(store, { dags: [["a", { parse: "on-change", maxActiveRuns: 1 }]] })
      for (const runId of ["r1", "r2"]) await make(store, runId)
      const { a: version } = await publish(store, { dags })
      const third = await make(store, "r3")
      await publish(store, { dags: [["a", { parse: "on-change", maxActiveRuns: 1 }]] })
      await make(store, "r4")
      const end = async (runId: string) => {
        await runEffect(
          store.cancelDagRun({ dagRunId: (await runOf(store, runId)).id, note: "over", actor: "ada" }),
        )
        await admit(store)
      }
      await end("r1")
      expect((await runOf(store, "r2")).state).toBe("running")
      await attach(store, "a", version, third.id)
      await end("r2")
      expect([(await runOf(store, "r3")).state, (await runOf(store, "r4")).state]).toEqual([
        "running",
        "queued",
      ])
    })

    it("waits as well when the schedule, an asset or a backfill makes it; that of a backfill starts when it is parsed", async () => {
      const { store } = await openWorld(open)
      const hour = (n: number) => new Date(Date.UTC(2025, 0, 1, n))
      const scheduled = serializedDag({
        ...{ dagId: "a", parse: "every-run", tasks: [{ taskId: "one" }] },
        planning: {
          ...planningDefaults,
          timetable: { kind: "delta", everyMs: 3_600_000, dataInterval: "since_previous" },
          assets: { asset: "rows" },
        },
        assets: [{ name: "rows" }],
      })
      const published = await runEffect(
        store.publishDagFile({ file: { folder, path: "a.ts" }, bundle: code, dags: [scheduled] }),
      )
      const versions = published.kind === "published" ? published.versions : []
      const leadership = await lead(store)
      const [plan] = (await runEffect(store.duePlans({ limit: 1 }))).plans
      const planned = { logicalDate: hour(0), intervalStart: hour(0), intervalEnd: hour(1), runAt: hour(1) }
      const run = { ...planned, runId: "scheduled" }
      const moved = await runEffect(
        store.movePlan({ leadership, dagId: "a", seq: plan?.seq ?? 0, run, next: null }),
      )
      expect(moved.run).toMatchObject({ state: "queued", awaitsParse: true })
      const { id: assetId } = await runEffect(store.asset({ name: "rows" }))
      await runEffect(store.emitAssetEvent({ assetId, extra: {}, actor: "ada" }))
      await runEffect(store.takeAssetEvents({ leadership, limit: 10 }))
      const [due] = await runEffect(store.dueAssetDags({ limit: 10 }))
      const told = await runEffect(
        store.moveAssetDag({ leadership, dagId: "a", seq: due?.seq ?? 0, runId: "asset" }),
      )
      expect(told.run).toMatchObject({ state: "queued", awaitsParse: true })
      const backfill = await runEffect(
        store.createBackfill({
          ...{ dagId: "a", fromDate: hour(4), toDate: hour(4), isReversed: false, reprocess: "none" },
          ...{ maxActiveRuns: 1, conf: {}, actor: "ada" },
          dates: [{ logicalDate: hour(4), intervalStart: hour(4), intervalEnd: hour(5) }],
        }),
      )
      const move = { leadership, backfillId: backfill.id, ordinal: 0 }
      expect(await runEffect(store.moveBackfill(move))).toBe("made")
      expect(await runEffect(store.backfill(backfill.id))).toMatchObject({ running: 1 })
      expect(await runEffect(store.dag("a"))).toMatchObject({
        queuedRuns: 2,
        runningRuns: 0,
        awaitingRuns: 3,
      })
      const [request] = await claim(store)
      expect(await runEffect(store.attachRuns({ versions, upTo: request?.upTo ?? "0", limit: 10 }))).toBe(3)
      const runs = await runEffect(store.listDagRuns({ dagId: "a", limit: 10 }))
      expect(runs.map(({ runType, state }) => `${runType} ${state}`)).toEqual([
        "backfill running",
        "asset_triggered queued",
        "scheduled queued",
      ])
      expect(await admit(store)).toBe(2)
    })

    it("fails with its parse, and waits for another when it is resumed", async () => {
      const { store } = await openWorld(open)
      await publish(store)
      const run = await make(store, "r")
      expect(await fail(store, ["a"], run.id)).toBe(1)
      const failed = {
        state: "failed",
        note: "a.ts: SyntaxError",
        endedAt: expect.any(Date) as Date,
        awaitsParse: true,
        isCancelled: false,
      }
      expect(await runOf(store, "r")).toMatchObject(failed)
      expect(await claim(store)).toEqual([])
      expect(await runEffect(store.resumeDagRun({ dagRunId: run.id, actor: "ada" }))).toBe(true)
      expect(await runOf(store, "r")).toMatchObject({
        state: "queued",
        note: null,
        endedAt: null,
        timeoutAt: null,
      })
      expect(await claim(store)).toHaveLength(1)
      const { a: version } = await publish(store, { taskId: "two", renewed: ["a"] })
      expect(await attach(store, "a", version, run.id)).toBe(1)
      expect(await tasksOf(store, "r")).toEqual(["two"])
      const { rows } = await runEffect(
        store.searchEvents({ filter: { dagId: "a" }, orderBy: [], skip: 0, limit: 9 }),
      )
      expect(rows.map(({ event, actor }) => `${event} by ${actor}`).toSorted()).toEqual([
        "dag_run_parse_failed by sluice",
        "dag_run_resumed by ada",
      ])
    })

    it("asks for no parse once it was cancelled", async () => {
      const { store } = await openWorld(open)
      const { a: version } = await publish(store)
      const run = await make(store, "r")
      await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "not now", actor: "ada" }))
      expect(await claim(store)).toEqual([])
      expect(await attach(store, "a", version, run.id)).toBe(0)
      expect(await fail(store, ["a"], run.id)).toBe(0)
      expect(await runEffect(store.dag("a"))).toMatchObject({ queuedRuns: 0, awaitingRuns: 0 })
    })
  })

  describe("a parse that runs wait for", () => {
    it("serves all that were asked for before it began, some at a time, and none after", async () => {
      const { store } = await openWorld(open)
      const { a: version } = await publish(store)
      for (const runId of ["r1", "r2", "r3"]) await make(store, runId)
      const [request] = await claim(store)
      const late = await make(store, "r4")
      const upTo = request?.upTo ?? "0"
      expect(upTo).toBe((await runOf(store, "r3")).id)
      expect(await attach(store, "a", version, upTo, 2)).toBe(2)
      expect(await attach(store, "a", version, upTo, 2)).toBe(1)
      expect(await attach(store, "a", version, upTo, 2)).toBe(0)
      await release(store, ["a"])
      expect(await claim(store)).toEqual([{ path: "a.ts", dagIds: ["a"], upTo: late.id }])
    })

    it("has one processor, until its time is over or it gives the file back", async () => {
      const { store, elapse } = await openWorld(open)
      await publish(store)
      const { id: upTo } = await make(store, "r")
      const requests = [{ path: "a.ts", dagIds: ["a"], upTo }]
      expect(await claim(store)).toEqual(requests)
      expect(await claim(store, { processor: "processor-2" })).toEqual([])
      await release(store, ["a"], "processor-2")
      expect(await claim(store, { processor: "processor-2" })).toEqual([])
      await elapse(claimSeconds * 1000)
      expect(await claim(store, { processor: "processor-2" })).toEqual(requests)
      await release(store, ["a"])
      expect(await claim(store)).toEqual([])
      await release(store, ["a"], "processor-2")
      expect(await claim(store)).toEqual(requests)
    })

    it("never goes to two that ask at once", async () => {
      const { store } = await openWorld(open)
      const names = ["a", "b", "c", "d"]
      for (const name of names) {
        await publish(store, { path: `${name}.ts`, dags: [[name]] })
        await make(store, "r", name)
      }
      const claims = await Promise.all(
        Array.from({ length: 6 }, (_, place) => claim(store, { processor: `processor-${place}`, limit: 2 })),
      )
      const paths = claims.flat().map(({ path }) => path)
      expect(new Set(paths).size).toBe(paths.length)
    })

    it("is of a file: its DAGs come together, other folders' not, and those first whose turn was longest ago", async () => {
      const { store, elapse } = await openWorld(open)
      await publish(store, { path: "a.ts", dags: [["a2"], ["a1"], ["quiet"]] })
      await publish(store, { path: "b.ts", dags: [["b"]] })
      for (const dagId of ["b", "a2", "a1"]) await make(store, "r", dagId)
      expect(await claim(store, { folder: "elsewhere" })).toEqual([])
      const order: string[] = []
      for (let turn = 0; turn < 3; turn++) {
        const [request] = await claim(store, { limit: 1 })
        order.push(`${request?.path} ${request?.dagIds.join()}`)
        await elapse(1_000)
        await release(store, request?.dagIds ?? [])
      }
      expect(order).toEqual(["a.ts a1,a2", "b.ts b", "a.ts a1,a2"])
    })

    it("renews the DAGs that it is for, adds what is new, drops what is gone, and leaves the others as they are", async () => {
      const { store } = await openWorld(open)
      const before = await publish(store, {
        dags: [["a"], ["other"], ["gone"], ["steady", { parse: "on-change" }]],
      })
      const dags: Parameters<typeof dagOf>[] = [["a"], ["other"], ["new"], ["steady", { parse: "on-change" }]]
      const after = await publish(store, { taskId: "two", dags, renewed: ["a"] })
      expect(after["other"]).toBe(before["other"])
      expect(after["steady"]).toBe(before["steady"])
      expect(after["a"]).not.toBe(before["a"])
      const taskOf = async (dagId: string) => {
        const { latestVersionId, isStale } = await runEffect(store.dag(dagId))
        const { dag } = await runEffect(store.dagVersion(latestVersionId))
        return isStale ? "stale" : dag.tasks[0]?.taskId
      }
      expect(await Promise.all(["a", "other", "new", "steady", "gone"].map(taskOf))).toEqual([
        ...["two", "one", "two", "one", "stale"],
      ])
    })
  })
}
