/**
 * The official Python client of Airflow against a server with real runs: `npm run compat`.
 *
 * It is installed into a throw-away virtual environment. Without Python, or without a package index to install from, the
 * suite says so and is skipped: what can be checked without them, `test/api/airflow-contract.test.ts` checks.
 */
import { expect, it } from "vitest"
import { openApi } from "../harness/api.ts"
import { openWorld } from "../harness/world.ts"
import { makePythonEnvironment, run } from "./python-environment.ts"

/** The version that the contract was looked at with. */
const clientVersion = "3.3.2"

const environment = await makePythonEnvironment(`apache-airflow-client==${clientVersion}`)

it.skipIf(environment === null)(
  `Airflow's Python client ${clientVersion} reads every answer`,
  async () => {
    if (environment === null) return
    const world = await openWorld({ dagFiles: ["outcomes"], engines: [{}] })
    const api = await openApi(world)
    const gaps = await world.runToEnd("gaps")
    const script = new URL("client.py", import.meta.url).pathname
    const { stdout } = await run(environment.program("python"), [
      ...[script, api.url, api.tokens.admin, gaps.dagId, gaps.runId, "pass_on"],
    ])
    const done = new Set(stdout.trim().split("\n"))
    process.stdout.write(`${done.size} operations: ${[...done].join(", ")}\n`)
    expect(done.size).toBeGreaterThan(30)
    expect(api.failures).toEqual([])
  },
  240_000,
)
