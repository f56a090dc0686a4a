/**
 * The demo as a user has it, killed as by a power cut: its whole process group but the database, at random moments.
 *
 * A run that is taken up again each time still ends with the right report: each city once, none missing.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { chmod, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { afterAll, expect, it } from "vitest"

const demo = fileURLToPath(new URL("../../packages/demo/main.js", import.meta.url))

/** Enough that the work is not over before the last kill. */
const cities = 70_000
const kills = 20
/** Counted from the start of the process, and from when it has begun to work. */
const msMax = { fromStart: 3_000, fromWork: 800 }

const projectDir = await mkdtemp(join(tmpdir(), "sluice-kill-demo-"))
// The database server runs as another user when the test runs as root.
await chmod(projectDir, 0o711)
afterAll(() => rm(projectDir, { recursive: true, force: true }))

type Line = Readonly<Record<string, unknown>> & { readonly type: string }

/** A demo under way, in a process group of its own. */
class Demo {
  readonly lines: Line[] = []
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  #errors = ""
  #onLine = () => {}

  constructor(given: readonly string[]) {
    const { DATABASE_URL: _, ...env } = process.env
    this.#child = spawn(process.execPath, [demo, "--json", ...given], {
      cwd: projectDir,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    })
    this.#child.stderr?.on("data", (chunk: Buffer) => (this.#errors += chunk.toString()))
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on("line", (line) => this.#take(line))
    }
    this.ended = new Promise((resolve) => this.#child.once("close", resolve))
  }

  get report(): string {
    return `${this.#errors}\n${JSON.stringify(this.lines.at(-1))}`
  }

  /** Waits for a line of a kind; undefined when it ends without one. */
  async line(type: string): Promise<Line | undefined> {
    for (let hasEnded = false; ;) {
      const found = this.lines.find((line) => line.type === type)
      if (found !== undefined || hasEnded) return found
      const next = new Promise<void>((resolve) => (this.#onLine = resolve))
      hasEnded = await Promise.race([this.ended.then(() => true), next.then(() => false)])
    }
  }

  /** Kills the group once the time is over; says whether there was anything to kill. */
  async killAfter(ms: number): Promise<boolean> {
    const isOver = await Promise.race([
      this.ended.then(() => true),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), ms)),
    ])
    if (isOver || this.#child.pid === undefined) return false
    process.kill(-this.#child.pid, "SIGKILL")
    await this.ended
    return true
  }

  #take(line: string): void {
    // A line that was being written when the process died has no end.
    if (line.endsWith("}")) this.lines.push(JSON.parse(line) as Line)
    this.#onLine()
  }
}

const args = ["--limit", String(cities)]

it("ends with each city once after its process group was killed 20 times", { timeout: 240_000 }, async () => {
  // Once while the database itself is being made.
  expect(await new Demo(args).killAfter(Math.random() * msMax.fromStart)).toBe(true)

  const first = new Demo(args)
  const run = await first.line("run")
  expect(run, first.report).toBeDefined()
  expect(await first.killAfter(Math.random() * msMax.fromWork)).toBe(true)

  for (let kill = 2; kill <= kills; kill++) {
    const resumed = new Demo(["--resume"])
    const isAtWork = kill % 2 === 0 && (await resumed.line("run")) !== undefined
    const ms = Math.random() * (isAtWork ? msMax.fromWork : msMax.fromStart)
    expect(await resumed.killAfter(ms), `kill ${kill}: ${resumed.report}`).toBe(true)
  }

  const last = new Demo(["--resume"])
  expect(await last.ended, last.report).toBe(0)
  expect(last.lines[0]).toMatchObject({ type: "run", is_resumed: true, run_id: run?.["run_id"] })
  const proof = await last.line("proof")
  const { expected, report, table } = proof as unknown as {
    expected: { cities: number; population: number }
    report: { total: number; population: number }
    table: { cities: number; population: number }
  }
  expect(expected.cities).toBeGreaterThan(50_000)
  expect(report).toMatchObject({ total: expected.cities, population: expected.population })
  expect(table).toMatchObject(expected)
  expect(proof).toMatchObject({ is_complete: true })
})
