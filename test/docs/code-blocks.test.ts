import { execFile } from "node:child_process"
import { mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { loadDagFile } from "@sluice/dags"
import { createHostPool } from "@sluice/host"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { filesBelow, root, textOf } from "../tidy/source-files.ts"

/** The TypeScript blocks of README and docs, each as a file in a folder from which `sluice` can be imported. */
const folder = join(root, "test/docs/generated")
const documents = ["README.md", ...filesBelow("docs", ".md"), ...filesBelow("packages", ".md")]
const blocks = documents.flatMap((path) =>
  [...textOf(path).matchAll(/^```ts\n([^]*?)^```$/gm)].map((match, index) => ({
    name: `${path} block ${index + 1}`,
    file: join(folder, `${path.replaceAll(/\W+/g, "-")}-${index + 1}.ts`),
    code: match[1]!,
  })),
)

const tsconfig = {
  extends: "../../../tsconfig.json",
  compilerOptions: {
    noEmit: true,
    composite: false,
    declaration: false,
    declarationMap: false,
    noUnusedLocals: false,
  },
  include: ["*.ts"],
}

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(tsconfig))
  await Promise.all(blocks.map((block) => writeFile(block.file, block.code)))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe("the code in the documents", () => {
  it("compiles", async () => {
    expect(blocks.length).toBeGreaterThan(0)
    const tsc = join(root, "node_modules/.bin/tsc")
    const result = await promisify(execFile)(process.execPath, [tsc, "-p", folder]).catch(
      (error: { stdout: string }) => error,
    )
    expect(result.stdout).toBe("")
  })

  it("defines DAGs that load, where it exports one", async () => {
    const dagBlocks = blocks.filter((block) => block.code.includes("export default dag("))
    const pool = createHostPool({ loadBundle: () => Promise.reject(new Error("nothing runs here")) })
    try {
      for (const block of dagBlocks) {
        const { dags } = await loadDagFile(block.file, pool)
        expect(dags.length, block.name).toBe(1)
      }
      expect(dagBlocks.length).toBeGreaterThan(0)
    } finally {
      await pool.close({ graceMs: 1000 })
    }
  })
})
