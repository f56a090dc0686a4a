import { afterAll, beforeAll, expect, it } from "vitest"
import { testDatabase } from "@sluice/postgres/testing"
import { makeProject, type Project } from "./project.test.fixture.ts"

const dagFile = `import { asset, dag, task } from "sluice"
const tell = task("tell", (_: void, ctx) => ctx.params)
export default dag(
  "hourly",
  { schedule: "@hourly", params: { n: 1 }, paramsSchema: { properties: { n: { type: "number" } } } },
  () => tell(),
)
const orders = asset("orders", { uri: "s3://lake/orders" })
export const after = dag("after_orders", { schedule: orders }, () => task("read", () => 1)())
`

let project: Project
let database: Awaited<ReturnType<typeof testDatabase>>

beforeAll(async () => {
  database = await testDatabase()
  project = makeProject({ "hourly.ts": dagFile }, database.url)
  const { code, stderr } = await project.sluice("run", "hourly.ts", "--dag", "hourly")
  expect([code, stderr]).toEqual([0, ""])
})

afterAll(async () => {
  project.remove()
  await database.drop()
})

/** Runs a command with `--json`, and reads the objects it prints. */
async function json(...words: string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await project.sluice(...words, "--json")
  expect([code, stderr]).toEqual([0, ""])
  const lines = stdout.trimEnd()
  return lines === "" ? [] : lines.split("\n").map((line) => JSON.parse(line) as Record<string, unknown>)
}

it("shows DAGs, what comes next of them, and lets them pause", async () => {
  const { stdout } = await project.sluice("dags", "list")
  expect(stdout).toMatch(/^hourly +@hourly +active +0 +0/m)
  expect(await json("dags", "show", "hourly")).toMatchObject([
    { dag_id: "hourly", is_paused: false, max_active_runs: 16, catchup: false },
  ])
  const next = await json("dags", "next", "hourly", "--count", "3")
  const starts = next.map((run) => Date.parse(String(run["data_interval_start"])))
  const ends = next.map((run) => Date.parse(String(run["data_interval_end"])))
  expect(ends.map((end, place) => end - starts[place]!)).toEqual([3_600_000, 3_600_000, 3_600_000])
  expect(starts.slice(1)).toEqual(ends.slice(0, -1))

  expect((await project.sluice("dags", "pause", "hourly")).stdout).toBe("DAG hourly is now paused\n")
  expect((await project.sluice("dags", "pause", "hourly")).stdout).toBe("DAG hourly is already paused\n")
  const refused = await project.sluice("run", "hourly.ts", "--dag", "hourly")
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('DAG "hourly" is paused: its run would not start')
  expect(await json("dags", "trigger", "hourly", "--run-id", "waits")).toMatchObject([
    { run_id: "waits", state: "queued" },
  ])
  expect((await project.sluice("dags", "unpause", "hourly")).stdout).toBe("DAG hourly is now not paused\n")
  expect((await project.sluice("dags", "show", "none")).stderr).toContain("none")
})

it("refuses a run whose conf does not fit, and makes none", async () => {
  const refused = await project.sluice(
    "dags",
    "trigger",
    "hourly",
    "--run-id",
    "bad",
    "--conf",
    '{"n": "one"}',
  )
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain("the conf does not fit the DAG's params: n must be number")
  expect(refused.stderr.trimEnd().split("\n")).toHaveLength(1)
  const reserved = await project.sluice("dags", "trigger", "hourly", "--run-id", "scheduled__1")
  expect(reserved.stderr).toContain('the run id "scheduled__1" begins with scheduled__')
})

it("asks for backfills, shows how far they are, and steers them", async () => {
  const range = ["--from", "2025-01-01", "--to", "2025-01-01T02:00:00Z"]
  const dry = await project.sluice("backfill", "create", "hourly", ...range, "--reverse", "--dry-run")
  expect(dry.stdout).toBe(["02", "01", "00"].map((hour) => `2025-01-01T${hour}:00:00.000Z  a run\n`).join(""))
  expect(await json("backfill", "list")).toEqual([])
  const [made] = await json("backfill", "create", "hourly", ...range, "--max-active-runs", "2")
  expect(made).toMatchObject({
    dag_id: "hourly",
    dates: 3,
    handled: 0,
    max_active_runs: 2,
    reprocess_behavior: "none",
  })
  const id = String(made?.["id"])
  const second = await project.sluice("backfill", "create", "hourly", ...range)
  expect(second.code).toBe(1)
  expect(second.stderr).toContain(`DAG "hourly" has the backfill ${id} that has not ended`)
  expect((await project.sluice("backfill", "pause", id)).stdout).toContain(
    `backfill ${id} is now paused; 0 of 3 dates`,
  )
  expect((await project.sluice("backfill", "unpause", id)).stdout).toContain("is now active")
  expect((await project.sluice("backfill", "cancel", id)).stdout).toContain("is now cancelled")
  expect((await project.sluice("backfill", "show", id)).stdout).toContain(
    "2025-01-01T00:00:00.000Z  not made\n",
  )
  expect(await json("backfill", "list", "--dag", "hourly")).toMatchObject([{ id, is_cancelled: true }])
})

it.each([
  [["backfill", "create", "hourly", "--from", "soon", "--to", "2025-01-01"], '--from: "soon" came'],
  [["backfill", "create", "hourly"], "--from and --to are needed"],
  [["backfill", "create", "hourly", "--from", "2025-01-02", "--to", "2025-01-01"], "ends before it begins"],
  [["backfill", "create", "hourly", "--reprocess", "some"], '--reprocess: "some" came'],
  [["backfill", "show", "x"], 'backfill "x" came'],
  [["backfill", "show", "999"], "999"],
])("tells what is wrong with %j in a line", async (words, message) => {
  const { code, stderr } = await project.sluice(...words)
  expect(code).not.toBe(0)
  expect(stderr).toContain(message)
  expect(stderr.trimEnd().split("\n")).toHaveLength(1)
})

it("lists assets and their events, and emits one", async () => {
  expect(await json("assets", "list")).toMatchObject([
    { name: "orders", uri: "s3://lake/orders", scheduled_dags: ["after_orders"], last_event_at: null },
  ])
  expect((await project.sluice("assets", "events")).stdout).toBe("")
  const [event] = await json("assets", "emit", "orders", "--extra", '{"rows": 3}', "--actor", "ada")
  expect(event).toMatchObject({ asset: "orders", extra: { rows: 3 }, dag_id: null })
  expect((await project.sluice("assets", "events", "orders")).stdout).toMatch(
    /orders {2}from outside {2}\{"rows":3\}/,
  )
  expect(await json("assets", "show", "orders")).toMatchObject([{ name: "orders", queued: [] }])
  expect((await project.sluice("assets", "show", "orders")).stdout).toMatch(/^scheduled_dags +after_orders$/m)
  const unknown = await project.sluice("assets", "emit", "nothing")
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("nothing")])
  const bad = await project.sluice("assets", "emit", "orders", "--extra", "[1]")
  expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining("--extra is a list")])
})
