/**
 * Airflow's command line for its API, `airflowctl`, against a server with real runs: `npm run compat`.
 *
 * It is installed into a throw-away virtual environment. Without Python, or without a package index to install from, the
 * suite says so and is skipped.
 */
import { serializedDag } from "@sluice/core/testing"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { openApi } from "../harness/api.ts"
import { openWorld } from "../harness/world.ts"
import { makePythonEnvironment, run } from "./python-environment.ts"

/** The version that the contract was looked at with. */
const version = "0.1.5"

const environment = await makePythonEnvironment(`apache-airflow-ctl==${version}`)

it.skipIf(environment === null)(
  `airflowctl ${version} monitors and manages`,
  async () => {
    if (environment === null) return
    const world = await openWorld({ dagFiles: ["outcomes"], engines: [{}] })
    const api = await openApi(world)
    const gaps = await world.runToEnd("gaps")
    const planning = {
      timetable: { kind: "delta", everyMs: 3_600_000, dataInterval: "since_previous" },
      startDate: "2024-12-31T00:00:00Z",
    } as const
    const hourly = serializedDag({ dagId: "hourly", tasks: [{ taskId: "t" }], planning })
    const bundle = { hash: "hourly", code: "", sourceMap: null }
    await Effect.runPromise(world.store.registerDag({ dag: hourly, bundle }))
    await Effect.runPromise(world.store.setDagPaused({ dagId: "hourly", isPaused: true, actor: "test" }))
    const env = {
      PATH: process.env["PATH"],
      HOME: environment.folder,
      AIRFLOW_HOME: environment.folder,
      AIRFLOW_CLI_TOKEN: api.tokens.admin,
      NO_COLOR: "1",
      COLUMNS: "1000",
    }
    let commands = 0
    const airflowctl = async (...args: string[]) => {
      commands += 1
      const { stdout } = await run(environment.program("airflowctl"), args, { env }).catch(
        (error: Error & { stdout?: string; stderr?: string }) => {
          throw new Error(`${args.join(" ")}: ${error.message}\n${error.stdout ?? ""}\n${error.stderr ?? ""}`)
        },
      )
      return stdout
    }
    await airflowctl("auth", "login", "--api-url", api.url, "--api-token", api.tokens.admin, "--skip-keyring")
    expect(await airflowctl("version", "--remote")).toContain("0.0.0-test")

    expect(await airflowctl("dags", "list")).toContain("gaps")
    expect(await airflowctl("dags", "get", "gaps")).toContain("gaps")
    await airflowctl("dags", "get-details", "gaps")
    await airflowctl("dags", "get-stats", "gaps")
    await airflowctl("dags", "get-tags")
    await airflowctl("dags", "list-version", "gaps")
    await airflowctl("dags", "get-version", "gaps", "1")
    await airflowctl("dags", "pause", "caught")
    await airflowctl("dags", "unpause", "caught")
    expect(await airflowctl("dags", "trigger", "caught", "--dag-run-id", "by-hand")).toContain("by-hand")

    expect(
      await airflowctl("dagrun", "list", "--dag-id", "gaps", "--state", "failed", "--limit", "10"),
    ).toContain(gaps.runId)
    expect(await airflowctl("dagrun", "get", "gaps", gaps.runId)).toContain("failed")
    await airflowctl("xcom", "list", "gaps", gaps.runId, "pass_on", "--map-index", "0")

    expect(await airflowctl("variables", "create", "--key", "region", "--value", "eu")).toContain("region")
    expect(await airflowctl("variables", "get", "region")).toContain("eu")
    await airflowctl("variables", "update", "--key", "region", "--value", "us")
    expect(await airflowctl("variables", "list")).toContain("us")
    await airflowctl("variables", "delete", "region")

    const crm = ["--connection-id", "crm", "--conn-type", "http", "--password", "hidden-from-all"]
    expect(await airflowctl("connections", "create", ...crm)).not.toContain("hidden-from-all")
    expect(await airflowctl("connections", "get", "crm")).toContain("http")
    expect(await airflowctl("connections", "list")).not.toContain("hidden-from-all")
    await airflowctl("connections", "delete", "crm")

    const range = ["--from-date", "2025-01-01T00:00:00+00:00", "--to-date", "2025-01-01T03:00:00+00:00"]
    expect(
      await airflowctl("backfill", "create", "--dag-id", "hourly", ...range, "--max-active-runs", "1"),
    ).toContain("hourly")
    const listed = JSON.parse(await airflowctl("backfill", "list", "hourly")) as { id: number }[]
    await airflowctl("backfill", "get", String(listed[0]?.id))

    expect(await airflowctl("config", "get", "api", "port")).toContain("8080")
    await airflowctl("config", "list")
    expect(await airflowctl("jobs", "list")).toContain("SchedulerJob")
    expect(await airflowctl("pools", "list")).toContain("default_pool")
    process.stdout.write(`airflowctl ${version}: ${commands} commands\n`)
    expect(api.failures).toEqual([])
  },
  400_000,
)
