import { expect, it } from "vitest"
import { BundleRejected, type HostPool } from "./port.ts"
import { bundleOf, poolOf } from "./pool.test.fixture.ts"

async function rejection(pool: HostPool, code: string): Promise<BundleRejected["error"]> {
  const error: unknown = await pool.describe({ hash: `h${code.length}`, code, sourceMap: null }).then(
    () => null,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(BundleRejected)
  return (error as BundleRejected).error
}

const sluice = `import { dag, task } from "sluice"\nconst one = task("one", () => 1)\n`

it("gives the DAGs that a bundle exports, by any name and in arrays, each once", async () => {
  const code = `${sluice}
    export const a = dag("a", () => { one() })
    export const aAgain = a
    export const others = [dag("b", () => { one() })]
    export default a
    export const unrelated = 5`
  const { dags } = await poolOf({}).describe({ hash: "h", code, sourceMap: null })
  expect(dags.map((dag) => dag.dagId).sort((a, b) => a.localeCompare(b))).toEqual(["a", "b"])
  expect(dags[0]?.tasks.map((task) => task.taskId)).toEqual(["one"])
})

it("evaluates each bundle in a process that nothing else uses", async () => {
  const pool = poolOf({})
  const bundle = bundleOf(`task(globalThis.seen ? "second" : "first", () => 1)(); globalThis.seen = true`)
  const described = await Promise.all([pool.describe(bundle), pool.describe(bundle)])
  expect(described.map(({ dags }) => dags[0]?.tasks[0]?.taskId)).toEqual(["first", "first"])
})

it.each([
  ["throws", `throw new TypeError("top")`, { type: "TypeError", message: "top" }],
  [
    "exports no DAG",
    `export const x = 1`,
    {
      type: "NoDag",
      message: 'the file exports no DAG. Fix: export default dag("my_dag", { … }, () => { … })',
    },
  ],
  [
    "defines one id twice",
    `${sluice}export const a = dag("a", () => { one() }), b = dag("a", () => { one() })`,
    { type: "DagFileError", message: 'the file exports two DAGs named "a". Fix: give each its own id' },
  ],
  [
    "exits",
    `process.exit(4)`,
    {
      type: "HostLost",
      message: "loading the file exited with code 4 while running the DAG file's top level",
    },
  ],
  [
    "loops",
    `while (true) {}`,
    { type: "HostLost", message: expect.stringContaining("did not finish within 0.6 s: a loop") as string },
  ],
  [
    "never ends",
    `await new Promise(() => {})`,
    { type: "HostLost", message: expect.stringContaining("did not finish within 0.6 s") as string },
  ],
  [
    "eats memory",
    `const kept = []; for (;;) kept.push(new Array(1000).fill(1))`,
    { type: "HostLost", message: expect.stringContaining("ran out of memory (limit 40 MB)") as string },
  ],
])("rejects a bundle that %s", async (what, code, error) => {
  const pool = poolOf(
    {},
    { memoryLimitMb: 40, describeMs: what === "loops" || what === "never ends" ? 600 : 10_000 },
  )
  expect(await rejection(pool, code)).toMatchObject(error)
})
