import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { BundleRejected, type ExecutionContext, type OutcomeBatch } from "@sluice/core/host"
import { createHostPool } from "@sluice/host"
import { expect, it, onTestFinished } from "vitest"
import { loadDagFile } from "./index.ts"

async function setup(files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), "sluice-load-"))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  const { bundle, dags } = await loadDagFile(join(folder, "dags/a.ts"), describing(folder))
  const pool = createHostPool({ hosts: 1, loadBundle: () => Promise.resolve(bundle) })
  onTestFinished(() => pool.close({ graceMs: 100 }))
  return { bundle, dags, pool, folder }
}

/** A pool that describes, and is gone with its folder after the test. */
function describing(folder: string) {
  const pool = createHostPool({ loadBundle: () => Promise.reject(new Error("nothing is run")) })
  onTestFinished(async () => {
    await pool.close({ graceMs: 100 })
    await rm(folder, { recursive: true })
  })
  return pool
}

const context: ExecutionContext = {
  contextId: "c",
  bundleHash: "",
  structure: null,
  dagId: "a",
  taskId: "fails",
  runId: "r",
  logicalDate: null,
  dataIntervalStart: null,
  dataIntervalEnd: null,
  params: {},
  triesMax: 1,
  timeoutMs: null,
  xcoms: {},
}

const files = {
  "dags/a.ts": `import { dag, task } from "sluice"
import { inner } from "../lib/inner.ts"

interface Row { readonly id: number }

const fails = task("fails", async (row: Row) => {
  await Promise.resolve()
  return inner(row.id)
})

export default dag("a", () => {
  fails.expand([{ id: 1 }])
})
`,
  "lib/inner.ts": `// The line that throws is the fifth.
export function inner(
  id: number,
): never {
  throw new RangeError(\`no row \${id}\`)
}
`,
}

it("gives the bundle of a file and the DAGs it defines", async () => {
  const { bundle, dags } = await setup(files)
  expect(bundle.hash).toMatch(/^[0-9a-f]{64}$/)
  expect(dags.map((dag) => [dag.dagId, dag.tasks.map((task) => task.taskId)])).toEqual([["a", ["fails"]]])
})

it("points stacks at the author's source, past the bundle", async () => {
  const { bundle, pool, folder } = await setup(files)
  const batches: OutcomeBatch[] = []
  await pool.run({
    context: { ...context, bundleHash: bundle.hash },
    work: {
      leaseId: "l",
      firstIndex: 0,
      count: 1,
      items: '[{"id":7}]',
      recorded: [],
      tryNumber: 1,
      indexes: null,
      resumes: null,
      concurrency: 1,
      isolated: false,
    },
    onBatch: (batch) => batches.push(batch),
    reader: {
      readStream: () => Promise.reject(new Error("none")),
      readXCom: () => Promise.resolve(null),
      readAssetEvents: () => Promise.resolve([]),
    },
    signal: new AbortController().signal,
  })
  const [outcome] = batches[0]?.others ?? []
  const error = outcome?.kind === "failed" ? outcome.error : null
  expect(error).toMatchObject({ type: "RangeError", message: "no row 7" })
  const frames = error?.stack?.split("\n") ?? []
  expect(frames[0]).toBe("RangeError: no row 7")
  expect(frames[1]).toMatch(/^ {4}at inner \(\.\.\/lib\/inner\.ts:5:\d+\)$/)
  expect(frames[2]).toMatch(/dags?\/?.*a\.ts:8:\d+\)?$|^ {4}at .*a\.ts:8:\d+\)?$/)
  expect(error?.stack).not.toContain(folder)
  expect(error?.stack).not.toContain("node:internal")
})

it("says where a file's top level throws", async () => {
  const thrown = { "dags/a.ts": `const a: number = 1\n\nthrow new TypeError("not ready: " + a)\n` }
  const error: unknown = await setup(thrown).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(BundleRejected)
  expect((error as BundleRejected).error).toMatchObject({ type: "TypeError", message: "not ready: 1" })
  expect((error as BundleRejected).error.stack).toMatch(/a\.ts:3:7/)
})
