import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fc, test } from "@fast-check/vitest"
import { Hosts } from "@sluice/core/engine"
import { type Bundle, BundleRejected, type HostPool } from "@sluice/core/host"
import { makeMemoryStore, Store, type StoreService } from "@sluice/core/store"
import { serializedDag } from "@sluice/core/testing"
import { createHostPool } from "@sluice/host"
import { Effect, Fiber } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import type { ProcessedFile } from "./process-dag-file.ts"
import { type DagProcessor, makeDagProcessor, runDagProcessor } from "./dag-processor.ts"

const folder = "dags"

async function makeRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "sluice-processor-"))
  onTestFinished(() => rm(root, { recursive: true }))
  return root
}

async function write(root: string, files: Readonly<Record<string, string>>): Promise<Set<string>> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  return new Set(Object.keys(files).map((name) => join(root, name)))
}

/** A DAG file's text; `top` stands before the DAGs. */
function fileOf(ids: readonly string[], top = ""): string {
  const dags = ids.map((id, place) => `export const d${place} = dag("${id}", () => { one() })`)
  return [`import { dag, task } from "sluice"`, top, `const one = task("one", async () => 1)`, ...dags].join(
    "\n",
  )
}

/** Real hosts, and how often they were asked. */
function describing(describeMs = 60_000): Pick<HostPool, "describe"> & { readonly bundles: Bundle[] } {
  const pool = createHostPool({
    loadBundle: () => Promise.reject(new Error("nothing is run")),
    describeMs,
  })
  onTestFinished(() => pool.close({ graceMs: 100 }))
  const bundles: Bundle[] = []
  return {
    bundles,
    describe: (bundle, options) => {
      bundles.push(bundle)
      return pool.describe(bundle, options)
    },
  }
}

async function setup(files: Readonly<Record<string, string>>, options: { describeMs?: number } = {}) {
  const root = await makeRoot()
  const store = makeMemoryStore()
  const hosts = describing(options.describeMs)
  await write(root, files)
  const processor = makeDagProcessor(store, hosts, { root, folder, name: "test" })
  const change = async (files: Readonly<Record<string, string>>) => run(processor, await write(root, files))
  return { root, store, hosts, processor, change, first: await run(processor, null) }
}

async function run(processor: DagProcessor, changed: ReadonlySet<string> | null) {
  return Object.fromEntries(await Effect.runPromise(processor.processOnce(changed)))
}

/** What is stored: the DAGs of each file, or why it cannot be used. */
async function stored(store: StoreService): Promise<Record<string, readonly string[] | string>> {
  const rows = await Effect.runPromise(store.listDagFiles({ after: null, limit: 100 }))
  return Object.fromEntries(rows.map((row) => [row.path, row.importError?.message ?? row.dagIds]))
}

async function errorOf(store: StoreService, path: string) {
  const rows = await Effect.runPromise(store.listDagFiles({ after: null, limit: 100, onlyErrors: true }))
  return rows.find((row) => row.path === path)?.importError ?? null
}

const kinds = (results: Record<string, ProcessedFile | null>) =>
  Object.fromEntries(Object.entries(results).map(([path, result]) => [path, result?.kind ?? "gone"]))

describe("a folder of DAG files", () => {
  it("is stored with all that its files define, wherever they lie; helpers and tests are no DAG files", async () => {
    const { store } = await setup({
      "a.ts": fileOf(["one", "two"]),
      "team/b.ts": fileOf(["three"], `import { n } from "../_lib/n.ts"\nconsole.log(n)`),
      "_lib/n.ts": "export const n = 3",
      "helper.ts": "export const x = 1",
      "a.test.ts": "throw new Error('a test')",
      ".hidden/c.ts": fileOf(["hidden"]),
      "notes.md": "# no code",
    })
    expect(await stored(store)).toEqual({ "a.ts": ["one", "two"], "helper.ts": [], "team/b.ts": ["three"] })
  })

  it("is evaluated once: the same content is neither evaluated nor written again, by whoever looks", async () => {
    const { root, store, hosts, processor } = await setup({
      "a.ts": fileOf(["one"]),
      "b.ts": fileOf(["two"]),
    })
    expect(hosts.bundles).toHaveLength(2)
    expect(await run(processor, null)).toEqual({})
    expect(kinds(await run(processor, new Set([join(root, "a.ts")])))).toEqual({ "a.ts": "unchanged" })
    const another = makeDagProcessor(store, hosts, { root, folder, name: "another" })
    expect(kinds(await run(another, null))).toEqual({ "a.ts": "unchanged", "b.ts": "unchanged" })
    expect(hosts.bundles).toHaveLength(2)
  })

  it("makes a new version of each DAG whose file or whose helper changes, and of no other", async () => {
    const { change, store } = await setup({
      "a.ts": fileOf(["one"], `import { n } from "./_n.ts"\nexport { n }`),
      "b.ts": fileOf(["two"]),
      "_n.ts": "export const n = 1",
    })
    const changed = await change({ "_n.ts": "export const n = 2" })
    expect(changed).toMatchObject({ "a.ts": { kind: "published", newVersions: ["one"] } })
    expect(Object.keys(changed)).toEqual(["a.ts"])
    const run = await Effect.runPromise(
      store.createDagRun({ dagId: "one", runId: "r", runType: "manual", conf: {}, logicalDate: null }),
    )
    const version = await Effect.runPromise(store.dagVersion(run.dagVersionId))
    expect(version).toMatchObject({ versionNumber: 2 })
  })

  it("finds by itself what nobody told it of", async () => {
    const { root, processor, store } = await setup({ "a.ts": fileOf(["one"]), "gone.ts": fileOf(["two"]) })
    await write(root, { "a.ts": fileOf(["one", "new"]), "b.ts": fileOf(["three"]) })
    await rm(join(root, "gone.ts"))
    expect(kinds(await run(processor, null))).toEqual({
      "a.ts": "published",
      "b.ts": "published",
      "gone.ts": "gone",
    })
    expect(await stored(store)).toEqual({ "a.ts": ["one", "new"], "b.ts": ["three"] })
  })
})

describe("a file that cannot be used", () => {
  it("is an import error with its place and its lines, and is mended by a change of it", async () => {
    const { store, change } = await setup({
      "a.ts": "const a = 1\nexport const b = (\n  c: 3 +\n}\n",
      "b.ts": fileOf(["ok"]),
    })
    expect(await errorOf(store, "a.ts")).toMatchObject({
      type: "SyntaxError",
      message: "a.ts:3:8: Expected `,` or `)` but found `+`",
      stack: expect.stringContaining("c: 3 +") as string,
    })
    expect((await stored(store))["b.ts"]).toEqual(["ok"])
    await change({ "a.ts": fileOf(["mended"]) })
    expect(await stored(store)).toEqual({ "a.ts": ["mended"], "b.ts": ["ok"] })
  })

  it("shows the line that threw, also in a file it imports", async () => {
    const { store } = await setup({
      "team/a.ts": fileOf(["one"], `import { size } from "../_size.ts"\nexport { size }`),
      "_size.ts": "// how many\nconst of: { n: number } | null = null\n\nexport const size = of!.n\n",
    })
    const error = await errorOf(store, "team/a.ts")
    expect(error?.message).toMatch(/^\.\.\/_size\.ts:4:\d+: Cannot read properties of null/)
    expect(error?.stack).toContain("> 4 | export const size = of!.n")
  })

  it("keeps its last good version in use", async () => {
    const { store, change } = await setup({ "a.ts": fileOf(["one"]) })
    expect(kinds(await change({ "a.ts": "export const = 1" }))).toEqual({ "a.ts": "broken" })
    const options = { dagId: "one", runId: "r", runType: "manual", conf: {}, logicalDate: null } as const
    expect(await Effect.runPromise(store.createDagRun(options))).toMatchObject({ dagId: "one" })
    // The same content as before is no new version, and ends the error.
    expect(await change({ "a.ts": fileOf(["one"]) })).toMatchObject({
      "a.ts": { kind: "published", newVersions: [] },
    })
    expect(await stored(store)).toEqual({ "a.ts": ["one"] })
  })

  it.each([
    ["loops", "for (;;) {}", /did not finish within 5 s/],
    ["sleeps", "await new Promise((resolve) => setTimeout(resolve, 60_000))", /did not finish within 5 s/],
  ])(
    "harms no other file when it %s",
    async (_what, top, message) => {
      const files = { "a.ts": fileOf(["bad"], top), "b.ts": fileOf(["good"]) }
      const { store } = await setup(files, { describeMs: 5_000 })
      expect((await stored(store))["b.ts"]).toEqual(["good"])
      expect((await errorOf(store, "a.ts"))?.message).toMatch(message)
    },
    60_000,
  )

  it.each([
    ["exits", "process.exit(3)", /exited with code 3/],
    ["eats memory", "const all = []\nfor (;;) all.push(new Array(1e6).fill(all.length))", /memory/],
    [
      "names a package that is not there",
      `import x from "no-such-package"\nexport { x }`,
      /Could not resolve/,
    ],
  ])(
    "harms no other file when it %s",
    async (_what, top, message) => {
      const { store } = await setup({ "a.ts": fileOf(["bad"], top), "b.ts": fileOf(["good"]) })
      expect((await stored(store))["b.ts"]).toEqual(["good"])
      expect((await errorOf(store, "a.ts"))?.message).toMatch(message)
    },
    30_000,
  )
})

describe("one DAG in two files", () => {
  it("counts in the first, and both are named", async () => {
    const { store, root, processor } = await setup({
      "a.ts": fileOf(["one"]),
      "b.ts": fileOf(["one", "two"]),
    })
    const all = await stored(store)
    expect([all["a.ts"], all["b.ts"]].filter(Array.isArray)).toHaveLength(1)
    const error = (await errorOf(store, "b.ts")) ?? (await errorOf(store, "a.ts"))
    expect(error?.message).toMatch(
      /^[ab]\.ts: DAG "one" is defined in [ab]\.ts as well\. Fix: rename one of them/,
    )
    const [kept, refused] = Array.isArray(all["a.ts"]) ? ["a.ts", "b.ts"] : ["b.ts", "a.ts"]
    await rm(join(root, kept))
    expect(kinds(await run(processor, new Set([join(root, kept)])))).toEqual({
      [kept]: "gone",
      [refused]: "published",
    })
  })

  it("comes back with the next look at the folder when it was deleted and its file still has it", async () => {
    const { store, processor } = await setup({ "a.ts": fileOf(["one", "two"]) })
    const before = await Effect.runPromise(store.dag("one"))
    await Effect.runPromise(store.deleteDag({ dagId: "one", actor: "tester" }))
    expect(kinds(await run(processor, null))).toEqual({ "a.ts": "published" })
    expect(await stored(store)).toEqual({ "a.ts": ["one", "two"] })
    expect((await Effect.runPromise(store.dag("one"))).latestVersionId).not.toBe(before.latestVersionId)
    expect(kinds(await run(processor, null))).toEqual({})
  })

  it("moves with its file, whichever end of the move is seen first", async () => {
    const { store, root, processor } = await setup({ "a.ts": fileOf(["one"]) })
    await rename(join(root, "a.ts"), join(root, "b.ts"))
    await run(processor, new Set([join(root, "b.ts")]))
    await run(processor, new Set([join(root, "a.ts")]))
    expect(await stored(store)).toEqual({ "b.ts": ["one"] })
  })
})

describe("a processor that watches", () => {
  it("has a change in the store as soon as it is written", async () => {
    const project = await makeRoot()
    const [root, lib] = [join(project, "dags"), join(project, "lib")]
    const store = makeMemoryStore()
    await write(root, { "a.ts": fileOf(["one"], `import { n } from "../lib/n.ts"\nconsole.log(n)`) })
    await write(lib, { "n.ts": "export const n = 1" })
    const seen: string[] = []
    let tell = () => {}
    const until = async (what: string) => {
      while (!seen.includes(what)) await new Promise<void>((resolve) => (tell = resolve))
      seen.length = 0
    }
    const fiber = Effect.runFork(
      runDagProcessor({
        root,
        folder,
        name: "test",
        rescanMs: 3_600_000,
        onProcessed: (path, result) => {
          seen.push(`${path} ${result?.kind ?? "gone"}`)
          tell()
        },
      }).pipe(
        Effect.provideService(Store, store),
        Effect.provideService(Hosts, describing() as unknown as HostPool),
      ),
    )
    await until("a.ts published")
    expect(await Effect.runPromise(store.listRoles({ limit: 10 }))).toMatchObject([{ role: "dag-processor" }])
    await write(root, { "b.ts": fileOf(["two"]) })
    await until("b.ts published")
    await write(root, { "new/c.ts": "const" })
    await until("new/c.ts broken")
    await write(lib, { "n.ts": "export const n = 2" })
    await until("a.ts published")
    await rm(join(root, "b.ts"))
    await until("b.ts gone")
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(await Effect.runPromise(store.listRoles({ limit: 10 }))).toEqual([])
  }, 30_000)
})

/** Describes a bundle without a process: the ids are in its text. */
const readingIds: Pick<HostPool, "describe"> = {
  describe: (bundle) => {
    const { code } = bundle
    if (code.includes("breaks"))
      return Promise.reject(new BundleRejected({ type: "Error", message: "breaks", stack: null }))
    const ids = [...code.matchAll(/dag\("(\w+)"/g)].map(([, id]) => id ?? "")
    const dags = ids.map((dagId) => serializedDag({ dagId, tasks: [{ taskId: "one" }] }))
    return Promise.resolve({ dags, bundle })
  },
}

const edit = fc.record({
  path: fc.constantFrom("a.ts", "b.ts", "sub/c.ts"),
  /** Null: the file is removed. */
  ids: fc.option(fc.subarray(["one", "two", "three"]), { freq: 4 }),
  breaks: fc.nat(4).map((n) => n === 0),
  isSeen: fc.nat(3).map((n) => n > 0),
})

test.prop([fc.array(edit, { maxLength: 8 })], { numRuns: 25 })(
  "whatever is edited, told or not, every file is stored as it is, and every DAG counts in one file",
  async (edits) => {
    const root = await makeRoot()
    const store = makeMemoryStore()
    const processor = makeDagProcessor(store, readingIds, { root, folder, name: "test" })
    await run(processor, null)
    for (const { path, ids, breaks, isSeen } of edits) {
      if (ids === null) await rm(join(root, path), { force: true })
      else await write(root, { [path]: fileOf(ids, breaks ? `console.log("breaks")` : "") })
      if (isSeen) await run(processor, new Set([join(root, path)]))
    }
    await run(processor, null)
    const rows = await Effect.runPromise(store.listDagFiles({ after: null, limit: 100 }))
    const texts = new Map<string, { ids: readonly string[]; breaks: boolean }>()
    for (const { path, ids, breaks } of edits) {
      if (ids === null) texts.delete(path)
      else texts.set(path, { ids, breaks })
    }
    expect(rows.map((row) => row.path)).toEqual([...texts.keys()].toSorted())
    const good = rows.filter((row) => row.importError === null)
    for (const row of good) expect(row.dagIds).toEqual(texts.get(row.path)?.ids)
    const owned = good.flatMap((row) => row.dagIds)
    expect(new Set(owned).size).toBe(owned.length)
    for (const row of rows) {
      if (row.importError === null) continue
      const text = texts.get(row.path)
      const clashes = text?.ids.some((id) => rows.some((other) => other !== row && other.dagIds.includes(id)))
      expect(text?.breaks === true || clashes).toBe(true)
    }
  },
  60_000,
)
