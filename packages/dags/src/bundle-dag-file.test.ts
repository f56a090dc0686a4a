import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { BundleRejected } from "@sluice/core/host"
import { afterEach, expect, it } from "vitest"
import { bundleDagFile } from "./index.ts"

const folders: string[] = []

/** Writes files into a new folder and gives its path. */
async function write(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-dags-"))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

async function rejection(path: string): Promise<BundleRejected> {
  const error: unknown = await bundleDagFile(path).then(
    () => null,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(BundleRejected)
  return error as BundleRejected
}

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

const sample = {
  "dags/users.ts": `
    import { readFile } from "fs/promises"
    import { createHash } from "node:crypto"
    import { dag } from "sluice"
    import { Gap } from "@sluice/core/stream"
    import small from "small-package"
    import config from "./config.json" with { type: "json" }
    import { twice } from "../lib/twice.ts"
    // A comment.
    export default [dag, Gap, readFile, createHash, small(config.size), twice(2)]
    export const late = async () => (await import("../lib/twice.ts")).twice(3)
  `,
  "dags/config.json": `{ "size": 3 }`,
  "lib/twice.ts": `export function twice(n: number): number { return n * 2 }`,
  "node_modules/small-package/package.json": `{ "name": "small-package", "type": "module", "exports": "./index.js" }`,
  "node_modules/small-package/index.js": `export default (n) => "small " + n`,
}

it("makes one module of a file and all it imports, except what the host supplies", async () => {
  const folder = await write(sample)
  const { bundle, modules } = await bundleDagFile(join(folder, "dags/users.ts"))
  expect(modules.map((path) => relative(folder, path)).toSorted()).toEqual([
    "dags/config.json",
    "dags/users.ts",
    "lib/twice.ts",
    "node_modules/small-package/index.js",
  ])
  const imports = [...bundle.code.matchAll(/from "([^"]+)"/g)].map(([, specifier]) => specifier)
  expect(new Set(imports)).toEqual(new Set(["@sluice/core/stream", "fs/promises", "node:crypto", "sluice"]))
  expect(bundle.code).not.toContain("comment")
  expect(bundle.code).not.toContain(folder)
  const map = JSON.parse(bundle.sourceMap ?? "{}") as { sources: string[] }
  expect(map.sources).toEqual(expect.arrayContaining(["users.ts", "../lib/twice.ts"]))
})

it("gives the same bundle for the same content in another folder", async () => {
  const [one, two] = [await write(sample), await write(sample)]
  const files = await Promise.all([one, two].map((folder) => bundleDagFile(join(folder, "dags/users.ts"))))
  expect(files[0]?.bundle).toEqual(files[1]?.bundle)
  expect(files[0]?.bundle.hash).toMatch(/^[0-9a-f]{64}$/)
})

it("gives another hash when an imported file changes", async () => {
  const { bundle: one } = await bundleDagFile(join(await write(sample), "dags/users.ts"))
  const changed = { ...sample, "lib/twice.ts": "export const twice = (n: number) => n * 3" }
  const { bundle: two } = await bundleDagFile(join(await write(changed), "dags/users.ts"))
  expect(two.hash).not.toBe(one.hash)
})

it("names file, line and column of a syntax error, with the code around it", async () => {
  const folder = await write({
    "a.ts": `import "./b.ts"`,
    "b.ts": "const a = 1\nexport const b = (\n  c: 3 +\n}\n",
  })
  const { error } = await rejection(join(folder, "a.ts"))
  expect(error).toMatchObject({ type: "SyntaxError", message: "b.ts:3:8: Expected `,` or `)` but found `+`" })
  expect(error.stack).toContain("c: 3 +")
})

it.each([
  ["./nope.ts", `a.ts:1:15: Could not resolve './nope.ts' in a.ts`],
  ["no-such-package", `a.ts:1:15: Could not resolve 'no-such-package' in a.ts`],
])("names the import that leads nowhere: %s", async (specifier, message) => {
  const folder = await write({ "a.ts": `import x from "${specifier}"\nexport default x` })
  const { error } = await rejection(join(folder, "a.ts"))
  expect(error).toMatchObject({ type: "UnresolvedImport", message })
})

it("says that a file is missing", async () => {
  const folder = await write({})
  const { error } = await rejection(join(folder, "a.ts"))
  expect(error).toMatchObject({ type: "MissingFile", message: `a.ts: there is no such file in ${folder}` })
})
