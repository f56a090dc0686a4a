import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ParseMode } from "@sluice/core/dag"
import { BundleRejected, type DescribedBundle, type HostPool, withCaptured } from "@sluice/core/host"
import { makeMemoryStore, type StoreService } from "@sluice/core/store"
import { serializedDag } from "@sluice/core/testing"
import { Effect } from "effect"
import { expect, it, onTestFinished } from "vitest"
import { makeDagProcessor } from "./dag-processor.ts"

const folder = "dags"

/** What `tables.json` says: the tables of each DAG. */
type Tables = Readonly<Record<string, { readonly tables: readonly string[]; readonly parse?: ParseMode }>>

/** Evaluates a file without a process: its DAGs have a task for each table that `tables.json` has. */
async function describeTables(
  ...[bundle, options]: Parameters<HostPool["describe"]>
): Promise<DescribedBundle> {
  const text = await readFile(join(options?.folder ?? "", "tables.json"), "utf8")
  if (text === "broken")
    throw new BundleRejected({ type: "SyntaxError", message: "the tables are broken", stack: null })
  const dags = Object.entries(JSON.parse(text) as Tables).map(([dagId, { tables, parse = "every-run" }]) =>
    serializedDag({ dagId, parse, tasks: tables.map((taskId) => ({ taskId })) }),
  )
  return { dags, bundle: withCaptured(bundle, { tables: JSON.stringify(text) }) }
}

async function setup(tables: Tables) {
  const root = await mkdtemp(join(tmpdir(), "sluice-parses-"))
  onTestFinished(() => rm(root, { recursive: true }))
  const store = makeMemoryStore()
  let parses = 0
  const hosts: Pick<HostPool, "describe"> = {
    describe: async (...args) => {
      parses += 1
      await during?.()
      return describeTables(...args)
    },
  }
  let during: (() => Promise<unknown>) | null = null
  const news: (string | null)[] = []
  const options = { root, folder, onProcessed: (path: string) => void news.push(path) }
  const processor = makeDagProcessor(store, hosts, { ...options, name: "test" })
  const writeTables = (content: Tables | "broken") =>
    writeFile(join(root, "tables.json"), content === "broken" ? content : JSON.stringify(content))
  await writeFile(join(root, "a.ts"), "export const a = 1")
  await writeTables(tables)
  await Effect.runPromise(processor.processOnce(null))
  return {
    ...{ root, store, hosts, processor, writeTables, news },
    parses: () => parses,
    whileParsing: (act: typeof during) => (during = act),
    serve: () => Effect.runPromise(processor.serveRequests()),
  }
}

const trigger = (store: StoreService, runId: string, dagId = "copy") =>
  Effect.runPromise(store.createDagRun({ dagId, runId, runType: "manual", conf: {}, logicalDate: null }))

async function stateOf(store: StoreService, runId: string, dagId = "copy"): Promise<string> {
  const run = await Effect.runPromise(store.dagRun({ dagId, runId }))
  const tasks = (await Effect.runPromise(store.expansionsOfRun(run.id))).map(({ taskId }) => taskId)
  return run.note ?? `${run.state}${run.awaitsParse ? ", waits" : ""}: ${tasks.join()}`
}

it("parses a file for the run that waits for it, and for no other; who ran before keeps what it had", async () => {
  const { store, serve, writeTables, parses } = await setup({ copy: { tables: ["a", "b"] } })
  await trigger(store, "r1")
  expect(await stateOf(store, "r1")).toBe("queued, waits: ")
  expect([await serve(), await serve()]).toEqual([1, 0])
  await writeTables({ copy: { tables: ["b", "c"] } })
  await trigger(store, "r2")
  await serve()
  expect(await Promise.all(["r1", "r2"].map((runId) => stateOf(store, runId)))).toEqual([
    "queued: a,b",
    "queued: b,c",
  ])
  expect(parses()).toBe(3)
})

it("stores nothing, and tells nobody, where a parse gives what there was", async () => {
  const { store, serve, news } = await setup({ copy: { tables: ["a"] } })
  const before = await Effect.runPromise(store.dag("copy"))
  for (const runId of ["r1", "r2", "r3"]) {
    await trigger(store, runId)
    await serve()
  }
  expect((await Effect.runPromise(store.dag("copy"))).latestVersionId).toBe(before.latestVersionId)
  expect(news).toEqual(["a.ts"])
})

it("parses once for all runs that wait, and again for one that was asked for meanwhile", async () => {
  const { store, serve, parses, whileParsing } = await setup({
    copy: { tables: ["a"] },
    other: { tables: ["x"] },
  })
  for (const runId of ["r1", "r2", "r3"]) await trigger(store, runId)
  await trigger(store, "r1", "other")
  whileParsing(() => trigger(store, "late"))
  await serve()
  whileParsing(null)
  expect(parses()).toBe(2)
  expect(await stateOf(store, "r3")).toBe("queued: a")
  expect(await stateOf(store, "r1", "other")).toBe("queued: x")
  expect(await stateOf(store, "late")).toBe("queued, waits: ")
  await serve()
  expect(await stateOf(store, "late")).toBe("queued: a")
})

it("renews no DAG of the file that no run waits for, until the file changes", async () => {
  const tables: Tables = {
    copy: { tables: ["a"] },
    other: { tables: ["x"] },
    steady: { tables: ["s"], parse: "on-change" },
  }
  const { root, store, serve, writeTables, processor } = await setup(tables)
  const versionsOf = async () => {
    const dags = await Effect.runPromise(store.listDags({ after: null, limit: 9 }))
    return Object.fromEntries(dags.map(({ dagId, latestVersionId }) => [dagId, latestVersionId]))
  }
  const before = await versionsOf()
  await writeTables({
    copy: { tables: ["a2"] },
    other: { tables: ["x2"] },
    steady: { tables: ["s2"], parse: "on-change" },
  })
  await trigger(store, "r1")
  await serve()
  const after = await versionsOf()
  expect(after).toEqual({ ...before, copy: after["copy"] })
  expect(after["copy"]).not.toBe(before["copy"])
  await writeFile(join(root, "a.ts"), "export const a = 2")
  await Effect.runPromise(processor.processOnce(new Set([join(root, "a.ts")])))
  expect(Object.values(await versionsOf()).filter((id) => Object.values(after).includes(id))).toEqual([])
})

it("ends runs whose file cannot be parsed with the import error, and the next parse mends both", async () => {
  const { store, serve, writeTables } = await setup({ copy: { tables: ["a"] } })
  await writeTables("broken")
  const { id } = await trigger(store, "r1")
  await serve()
  expect(await stateOf(store, "r1")).toBe(
    "not run: its DAG file could not be parsed: a.ts: the tables are broken",
  )
  const errors = () => Effect.runPromise(store.listDagFiles({ onlyErrors: true, after: null, limit: 9 }))
  expect((await errors()).map(({ path, dagIds }) => [path, dagIds])).toEqual([["a.ts", ["copy"]]])
  await writeTables({ copy: { tables: ["b"] } })
  await Effect.runPromise(store.resumeDagRun({ dagRunId: id, actor: "ada" }))
  await serve()
  expect(await stateOf(store, "r1")).toBe("queued: b")
  expect(await errors()).toEqual([])
})

it("ends runs of a DAG that the file does not define any more, and of a file that is gone", async () => {
  const { root, store, serve, writeTables } = await setup({
    copy: { tables: ["a"] },
    gone: { tables: ["x"] },
  })
  await trigger(store, "r1", "gone")
  await trigger(store, "r1")
  await writeTables({ copy: { tables: ["a"] } })
  await serve()
  expect(await stateOf(store, "r1", "gone")).toBe(
    'not run: a.ts was parsed for it, and defines no DAG "gone" now',
  )
  expect(await stateOf(store, "r1")).toBe("queued: a")
  await trigger(store, "r2")
  await rm(join(root, "a.ts"))
  await serve()
  expect(await stateOf(store, "r2")).toBe("not run: its DAG file a.ts is gone")
})

it("is taken over from a processor that died in the middle, once its time is over", async () => {
  let now = Date.parse("2026-01-01T00:00:00Z")
  const store = makeMemoryStore({ now: () => now })
  const { root, hosts } = await setup({ copy: { tables: ["a"] } })
  const processor = (name: string) => makeDagProcessor(store, hosts, { root, folder, name })
  await Effect.runPromise(processor("one").processOnce(null))
  await trigger(store, "r1")
  await Effect.runPromise(store.claimParses({ folder, processor: "dead", claimSeconds: 60, limit: 1 }))
  expect(await Effect.runPromise(processor("one").serveRequests())).toBe(0)
  now += 60_000
  expect(await Effect.runPromise(processor("one").serveRequests())).toBe(1)
  expect(await stateOf(store, "r1")).toBe("queued: a")
})
