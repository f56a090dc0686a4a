/**
 * The official Python client of Airflow against a server with real runs: `npm run compat`.
 *
 * It is installed into a throw-away virtual environment. Without Python, or without a package index to install from, the
 * suite says so and is skipped: what can be checked without them, `test/api/airflow-contract.test.ts` checks.
 */
import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, expect, it } from "vitest"
import { openApi } from "../harness/api.ts"
import { openWorld } from "../harness/world.ts"

const run = promisify(execFile)

/** The version that the contract was looked at with. */
const clientVersion = "3.3.2"
const installDeadlineMs = 180_000

interface Environment {
  readonly python: string
  readonly folder: string
}

/** A virtual environment with the client; why there is none otherwise. */
async function makeEnvironment(): Promise<Environment | string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-compat-"))
  try {
    await run("python3", ["-m", "venv", folder], { timeout: installDeadlineMs })
  } catch {
    return `skipped: there is no python3 that makes virtual environments here`
  }
  const python = join(folder, "bin", "python")
  const wanted = `apache-airflow-client==${clientVersion}`
  try {
    await run(python, ["-m", "pip", "install", "--quiet", wanted], { timeout: installDeadlineMs })
  } catch {
    return `skipped: ${wanted} cannot be installed: no package index answers`
  }
  return { python, folder }
}

const environment = await makeEnvironment()
if (typeof environment === "string") process.stdout.write(`${environment}\n`)
else afterAll(() => rm(environment.folder, { recursive: true, force: true }))

it.skipIf(typeof environment === "string")(
  `Airflow's Python client ${clientVersion} reads every answer`,
  async () => {
    if (typeof environment === "string") return
    const world = await openWorld({ dagFiles: ["outcomes"], engines: [{}] })
    const api = await openApi(world)
    const gaps = await world.runToEnd("gaps")
    const script = new URL("client.py", import.meta.url).pathname
    const { stdout } = await run(environment.python, [
      ...[script, api.url, api.tokens.admin, gaps.dagId, gaps.runId, "pass_on"],
    ])
    const done = new Set(stdout.trim().split("\n"))
    process.stdout.write(`${done.size} operations: ${[...done].join(", ")}\n`)
    expect(done.size).toBeGreaterThan(30)
    expect(api.failures).toEqual([])
  },
  240_000,
)
