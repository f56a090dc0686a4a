import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { BundleRejected } from "@sluice/core/engine"
import { afterAll, expect, it } from "vitest"
import { openWorld } from "../harness/world.ts"

const world = await openWorld()
const folder = await mkdtemp(join(tmpdir(), "sluice-dag-files-"))
afterAll(() => rm(folder, { recursive: true, force: true }))

async function load(name: string, text: string): Promise<BundleRejected | readonly string[]> {
  const path = join(folder, name)
  await writeFile(path, text)
  return world.loadFile(path).catch((error: unknown) => error as BundleRejected)
}

async function refusal(name: string, text: string): Promise<string> {
  const refused = await load(name, text)
  expect(refused).toBeInstanceOf(BundleRejected)
  return (refused as BundleRejected).error.message
}

const imports = `import { dag, task } from "sluice"\nconst noop = task("noop", async () => 1)\n`

it("refuses a DAG file with a syntax error, with its place", async () => {
  expect(await refusal("broken.ts", `${imports}export default dag("broken", () => { noop( })\n`)).toMatch(
    /^broken\.ts:3:\d+: /,
  )
})

it("refuses a file without a DAG, and says how one is exported", async () => {
  expect(await refusal("none.ts", `${imports}export const answer = 42\n`)).toMatch(
    /exports no DAG. Fix: export default dag\(/,
  )
})

it("refuses a file with two DAGs of one id, by name", async () => {
  const twice = `export const a = dag("same", () => { noop() })\nexport const b = dag("same", () => { noop() })\n`
  expect(await refusal("twice.ts", imports + twice)).toMatch(/two DAGs named "same"/)
  const run = Effect.runPromise(
    world.store.createDagRun({ dagId: "same", runId: "r", runType: "manual", conf: {}, logicalDate: null }),
  )
  await expect(run).rejects.toThrow()
})

it.each([
  ["import.ts", `import { gone } from "./gone.ts"\nexport default gone`, /gone\.ts/],
  ["throws.ts", `throw new RangeError("not today")`, /not today/],
  ["exits.ts", `process.exit(4)`, /exit/i],
  [
    "cycle.ts",
    `${imports}export default dag("cycle", () => { const a = noop(); const b = noop.withId("b")(); a.after(b); b.after(a) })`,
    /cycle.*noop/i,
  ],
  ["duplicate.ts", `${imports}export default dag("duplicate", () => { noop(); noop() })`, /noop.*Fix/],
  [
    "option.ts",
    `${imports}export default dag("option", () => { task("t", () => 1, { retrys: 2 })() })`,
    /retrys.*retries/,
  ],
  ["outside.ts", `${imports}noop()`, /noop.*dag\(/],
])("refuses an author's mistake with what to do: %s", async (name, text, message) => {
  expect(await refusal(name, text)).toMatch(message)
})

it("gives the same version for the same file, and another for another shape", async () => {
  const text = (tasks: string) => `${imports}export default dag("versions", () => { ${tasks} })`
  await load("versions.ts", text("noop()"))
  await load("versions.ts", text("noop()"))
  const first = await world.startRun("versions")
  await load("versions.ts", text(`noop(); noop.withId("another")()`))
  const second = await world.startRun("versions")
  const versions = await Promise.all(
    [first, second].map(async (run) => {
      const { dagVersionId } = await run.row()
      const version = await Effect.runPromise(world.store.dagVersion(dagVersionId))
      return [version.versionNumber, version.dag.tasks.length]
    }),
  )
  expect(versions).toEqual([
    [1, 1],
    [2, 2],
  ])
})
