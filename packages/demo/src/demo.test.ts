import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, it } from "vitest"
import { testDatabase } from "@sluice/postgres/testing"

let database: Awaited<ReturnType<typeof testDatabase>>

beforeAll(async () => {
  database = await testDatabase()
})

afterAll(() => database.drop())

it("reads the API lazily, writes each city once, and proves it", async () => {
  const { code, stdout, stderr } = await demo("--limit", "4000", "--latency", "5", "--json")
  expect(stderr).toBe("")
  const proof = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as Record<string, number> & {
    report: { total: number; top: unknown[] }
  }
  expect(proof).toMatchObject({ type: "proof", pages: 8, window: 2000, is_complete: true })
  expect(proof.report.total).toBeGreaterThan(2000)
  expect(proof.report.top).toHaveLength(10)
  expect(proof["pages_at_first_item"]).toBeLessThan(8)
  expect(proof["unfinished_peak"]).toBeLessThanOrEqual(2500)
  expect(code).toBe(0)
})

it("refuses what it does not know in one line", async () => {
  const { code, stderr } = await demo("--latnecy", "5")
  expect(stderr).toBe("demo: unknown option '--latnecy'. Did you mean --latency? (`demo --help` shows how)\n")
  expect(code).toBe(2)
})

function demo(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const main = fileURLToPath(new URL("../main.js", import.meta.url))
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, DATABASE_URL: database.url, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let stdout = ""
  let stderr = ""
  child.stdout.on("data", (text: Buffer) => {
    stdout += text.toString()
  })
  child.stderr.on("data", (text: Buffer) => {
    stderr += text.toString()
  })
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })))
}
