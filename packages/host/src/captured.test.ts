import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { bundleOf, contextOf, poolOf, run, singleWork } from "./pool.test.fixture.ts"
import { Capture } from "./child/captured.ts"
import {
  type Bundle,
  BundleRejected,
  capturedBytesMax,
  capturedValuesMax,
  codeHashOf,
  structureHash,
} from "./port.ts"

const readNames = `
  import { readFile } from "node:fs/promises"
  import { join } from "node:path"
  import { captured } from "sluice"
  const names = await captured("names", async ({ folder }) =>
    new Map(JSON.parse(await readFile(join(folder, "names.json"), "utf8"))))
`
const build = `for (const [name, at] of names) task(name, () => [name, names instanceof Map, at])()`

async function folderWith(names: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-captured-"))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, "names.json"), JSON.stringify(names))
  return folder
}

async function rejection(top: string, body = ""): Promise<BundleRejected["error"]> {
  const error: unknown = await poolOf({})
    .describe(bundleOf(body, `import { captured } from "sluice"\n${top}`))
    .then(
      () => null,
      (error: unknown) => error,
    )
  expect(error).toBeInstanceOf(BundleRejected)
  return (error as BundleRejected).error
}

/** Describes the file with this folder, and gives a pool that has nothing of it. */
async function described(folder: string) {
  const bundle = bundleOf(build, readNames)
  const found = await poolOf({}).describe(bundle, { folder })
  const pool = poolOf({}, { loadBundle: () => Promise.resolve(found.bundle) })
  return { ...found, code: bundle, pool }
}

it("gives tasks what the file read when it was parsed, where what it read is gone", async () => {
  const folder = await folderWith([
    ["a", 1],
    ["b", 2],
  ])
  const { bundle, dags, code, pool } = await described(folder)
  await writeFile(join(folder, "names.json"), "not even JSON")
  expect(dags[0]?.tasks.map((task) => task.taskId)).toEqual(["a", "b"])
  expect(codeHashOf(bundle.hash)).toBe(code.hash)
  const structure = dags[0] === undefined ? null : structureHash(dags[0])
  const { results, others } = await run(
    pool,
    contextOf("b", { bundleHash: bundle.hash, structure }),
    singleWork,
  )
  expect(others).toEqual([])
  expect(results.get(-1)).toEqual(["b", true, 2])
})

it("names the same content by the same hash, and other content by another", async () => {
  const hashOf = async (names: unknown) => (await described(await folderWith(names))).bundle.hash
  const [first, same, other] = [await hashOf([["a", 1]]), await hashOf([["a", 1]]), await hashOf([["a", 2]])]
  expect(same).toBe(first)
  expect(other).not.toBe(first)
})

const half = () => "x".repeat(capturedBytesMax / 2)

it("bounds what one file captures, in values and in bytes, and refuses a name that comes twice", async () => {
  const capture = new Capture("/nowhere")
  await capture.answer("a", half)
  await expect(capture.answer("a", half)).rejects.toThrow('captured("a") is called twice')
  await expect(capture.answer("b", half)).rejects.toThrow(
    `with captured("b") this file has captured ${capturedBytesMax + 4} bytes, and at most ${capturedBytesMax} are kept`,
  )
  await expect(capture.answer("c", () => () => 1)).rejects.toThrow('captured("c")')
  const many = new Capture("/nowhere")
  for (let place = 0; place < capturedValuesMax; place++) await many.answer(`n${place}`, () => place)
  expect(Object.keys(many.end())).toHaveLength(capturedValuesMax)
  await expect(many.answer("last", () => 1)).rejects.toThrow("one value too many")
})

it("refuses a value that had not ended when the file was parsed", async () => {
  const capture = new Capture("/nowhere")
  const answer = capture.answer("slow", () => 1)
  expect(() => capture.end()).toThrow('captured("slow") had not ended when the file was parsed')
  await answer
  expect(capture.end()).toEqual({ slow: "1" })
})

it("refuses captured() inside dag()", async () => {
  const { message } = await rejection("", `captured("x", () => 1); task("one", () => 1)()`)
  expect(message).toBe(
    'dag "d": captured("x") was called inside dag(); expected a call at the top level of the file. Fix: await it before dag(), and use its value inside.',
  )
})

async function failureOf(bundle: Bundle, given: Parameters<typeof contextOf>[1] = {}) {
  const pool = poolOf({}, { loadBundle: () => Promise.resolve(bundle) })
  const { others } = await run(pool, contextOf("one", { bundleHash: bundle.hash, ...given }), singleWork)
  const [outcome] = others
  return outcome?.kind === "failed" ? outcome : null
}

it("fails a task that calls captured() itself, and a file that asks for what its version lacks", async () => {
  const inTask = bundleOf(`task("one", () => captured("x", () => 1))()`, `import { captured } from "sluice"`)
  expect((await failureOf(inTask))?.error.message).toContain("was called after its file was parsed")
  const late = bundleOf(
    `task("one", () => 1)()`,
    `import { captured } from "sluice"; await captured("x", () => 1)`,
  )
  expect((await failureOf({ ...late, captured: { y: "1" } }))?.error.message).toContain(
    'captured("x") was not called when this version was parsed (it captured: y)',
  )
})

it("fails an instance for good, by name, where the code gives another structure than the version has", async () => {
  const top = `const names = globalThis.process.title === "sluice-host" ? ["one", "two"] : []`
  const bundle = bundleOf(`for (const name of names) task(name, () => 1)()`, top)
  const { dags } = await poolOf({}).describe(bundle)
  const [dag] = dags
  if (dag === undefined) throw new Error("no DAG")
  expect(await failureOf(bundle, { structure: structureHash(dag) })).toBeNull()
  const grown = { ...dag, tasks: [...dag.tasks].slice(0, 1) }
  const failure = await failureOf(bundle, { structure: structureHash(grown) })
  expect(failure?.isFinal).toBe(true)
  expect(failure?.error.message).toContain(
    'dag "d" has other tasks or edges in this process than its version has',
  )
  expect(failure?.error.message).toContain("here it has 2 (one, two)")
  expect(failure?.error.message).toContain('await captured("name"')
})
