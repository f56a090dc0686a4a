import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { testDatabase } from "@sluice/postgres/testing"
import { dagFiles } from "./dag-files.test.fixture.ts"
import { openCollector } from "./collector.test.fixture.ts"
import { makeProject, type Project } from "./project.test.fixture.ts"

let project: Project
let database: Awaited<ReturnType<typeof testDatabase>>

beforeAll(async () => {
  database = await testDatabase()
  project = makeProject(dagFiles, database.url)
})

afterAll(async () => {
  project.remove()
  await database.drop()
})

describe("sluice run", () => {
  it("runs a DAG to its end and tells counts and result", async () => {
    const { code, stdout, stderr } = await project.sluice("run", "good.ts", "--conf", '{"who":"me"}')
    expect(stderr).toBe("")
    expect(stdout).toContain('sum returned {"total":"70210","who":"me"}')
    expect(stdout).toMatch(/square +success +3 +60 +60 +0/)
    expect(code).toBe(0)
  })

  it("prints one JSON object a line, the summary last", async () => {
    const { code, stdout } = await project.sluice("run", "good.ts", "--json")
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines[0]).toMatchObject({ type: "run", dag_id: "squares", state: "running", is_resumed: false })
    expect(lines.slice(1, -1).every((line) => line["type"] === "progress")).toBe(true)
    expect(lines.at(-1)).toMatchObject({
      type: "summary",
      outcome: "success",
      result: { task_id: "sum", value: { total: "70210" } },
      errors: [],
    })
    expect(code).toBe(0)
  })

  it("is traced where the environment says whom to tell: all is sent before it ends", async () => {
    const collector = await openCollector({ answers: true })
    const { code } = await project.start(["run", "good.ts"], collector.env).ended
    expect(code).toBe(0)
    const names = collector.spans().map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining(["run squares", "task square", "task sum", "lease square", "lease sum"]),
    )
    expect(new Set(collector.spans().map(({ traceId }) => traceId)).size).toBe(1)
  })

  it("ends though the collector of its traces never answers", async () => {
    const { env } = await openCollector({ answers: false })
    // A request may wait for an hour: it is not what ends the process.
    const patient = { ...env, OTEL_EXPORTER_OTLP_TIMEOUT: "3600000" }
    const { code, stdout } = await project.start(["run", "good.ts"], patient).ended
    expect(stdout).toContain("sum returned")
    expect(code).toBe(0)
  })

  it("ends with 1 and the errors when tasks fail", async () => {
    const { code, stdout } = await project.sluice("run", "failing.ts")
    expect(code).toBe(1)
    expect(stdout).toContain("errors (2)")
    expect(stdout).toContain("odd[1]: TypeError: 2 is even (failing.ts:4:26)")
  })

  it.each([
    [["run", "syntax.ts"], "SyntaxError: syntax.ts:3:11: Unexpected token"],
    [["run", "no-dag.ts"], "no-dag.ts: the file exports no DAG"],
    [["run", "same-id.ts"], 'same-id.ts: the file exports two DAGs named "same"'],
    [["run", "two.ts"], "two.ts defines 2 DAGs; expected one of them by --dag: one, two"],
    [["run", "two.ts", "--dag", "three"], 'two.ts has no DAG "three"; expected one of one, two'],
    [["run", "throws.ts"], "RangeError: at the top level (at throws.ts:1:7)"],
    [["run", "missing.ts"], "missing.ts: there is no such file"],
    [["run", "good.ts", "--conf", "{"], "--conf is not JSON"],
    [["run", "slow.ts", "--resume"], 'nothing to resume: no run of DAG "slow" is unfinished or cancelled'],
    [["rnu", "good.ts"], "unknown command 'rnu'. Did you mean run?"],
    [["run", "good.ts", "--dga", "x"], "unknown option '--dga'. Did you mean --dag?"],
  ])("refuses %j in one line, with 2", async (args, message) => {
    const { code, stdout, stderr } = await project.sluice(...args)
    expect(stderr).toContain(message)
    expect(stderr.trimEnd().split("\n")).toHaveLength(1)
    expect(stdout).toBe("")
    expect(code).toBe(2)
  })

  it("cancels on Ctrl-C with 130, and goes on with --resume", async () => {
    const running = project.start(["run", "slow.ts", "--run-id", "stopped"], { SLUICE_TASK_STUCK: "1" })
    await running.until("done=10")
    running.child.kill("SIGINT")
    const cancelled = await running.ended
    expect(cancelled.stderr).toContain("cancelling")
    expect(cancelled.stdout).toContain("cancelled in")
    expect(cancelled.code).toBe(130)
    const list = await project.sluice("runs", "list", "--dag", "slow", "--json")
    expect(JSON.parse(list.stdout)).toMatchObject({ run_id: "stopped", state: "failed", is_cancelled: true })
    const resumed = await project.sluice("run", "slow.ts", "--resume")
    expect(resumed.stdout).toContain("goes on with stopped")
    expect(resumed.stdout).toContain("sum returned 780")
    expect(resumed.code).toBe(0)
  })

  it("goes on at once after kill -9, without waiting for leases to expire", async () => {
    const running = project.start(["run", "slow.ts", "--run-id", "killed"], { SLUICE_TASK_STUCK: "1" })
    await running.until("done=10")
    running.child.kill("SIGKILL")
    await running.ended
    const resumed = await project.sluice("run", "slow.ts", "--dag", "slow", "--resume", "--json")
    const summary = JSON.parse(resumed.stdout.trimEnd().split("\n").at(-1)!) as Record<string, unknown>
    expect(summary).toMatchObject({ run_id: "killed", outcome: "success", result: { value: 780 } })
    expect(resumed.code).toBe(0)
  }, 25_000)
})

describe("the commands that look", () => {
  beforeAll(async () => {
    await project.sluice("run", "good.ts", "--run-id", "look-1")
  })

  it("shows a run by its id, its DAG and id, or the beginning", async () => {
    for (const reference of ["look-1", "squares/look-1", "look", "latest"]) {
      const { code, stdout } = await project.sluice("runs", "show", reference)
      expect(stdout).toContain("squares look-1")
      expect(code).toBe(0)
    }
  })

  it("lists task instances, all of them, and stops when nobody reads", async () => {
    const all = await project.sluice("tasks", "list", "look-1", "--json")
    expect(all.stdout.trimEnd().split("\n")).toHaveLength(61)
    const running = project.start(["tasks", "list", "look-1"])
    running.child.stdout?.destroy()
    const ended = await running.ended
    expect(ended.code).toBe(0)
    expect(ended.stderr).toBe("")
  })

  it("filters task instances by task and state", async () => {
    const failed = await project.sluice("tasks", "list", "look-1", "--state", "failed", "--json")
    expect(failed.stdout).toBe("")
    const sum = await project.sluice("tasks", "list", "look-1", "--task", "sum", "--json")
    expect(JSON.parse(sum.stdout)).toMatchObject({
      task_id: "sum",
      map_index: -1,
      state: "success",
      try_number: 1,
    })
  })

  it("prints results and pushed values as JSON", async () => {
    const sum = await project.sluice("xcom", "get", "look-1", "sum")
    expect(JSON.parse(sum.stdout)).toEqual({ total: "70210", who: "nobody" })
    const note = await project.sluice("xcom", "get", "look-1", "sum", "--key", "note", "--json")
    expect(JSON.parse(note.stdout)).toMatchObject({ key: "note", value: { at: "1970-01-01T00:00:00.000Z" } })
    const square = await project.sluice("xcom", "get", "look-1", "square", "--index", "7")
    expect(JSON.parse(square.stdout)).toEqual({ n: 7, big: "49" })
  })

  it("prints logs", async () => {
    const { stdout } = await project.sluice("logs", "look-1", "--follow")
    expect(stdout).toMatch(/WARNING +square\[7\] +seven \{"n":7\}\n$/)
    const json = await project.sluice("logs", "look-1", "square", "--index", "7", "--json")
    expect(JSON.parse(json.stdout)).toMatchObject({ level: "warning", task_id: "square", map_index: 7 })
  })

  it("names instances by the keys and labels of their items", async () => {
    const ran = await project.sluice("run", "keyed.ts", "--run-id", "keyed-1")
    expect(ran.stdout).toMatch(/load +failed +3 +8 +4 +7 +1/)
    expect(ran.stdout).toContain("load[5 User 5]: TypeError: no such user")
    const failed = await project.sluice("tasks", "list", "keyed-1", "--state", "failed")
    expect(failed.stdout).toMatch(/index +item +state[^]*5 +User 5 +failed/)
    const byKey = await project.sluice("tasks", "list", "keyed-1", "--key", "u7", "--json")
    expect(JSON.parse(byKey.stdout)).toMatchObject({ map_index: 7, key: "u7", label: "User 7" })
    expect((await project.sluice("xcom", "get", "keyed-1", "load", "--item-key", "u3")).stdout).toBe('"u3"\n')
    const logged = await project.sluice("logs", "keyed-1", "load", "--key", "u2")
    expect(logged.stdout).toMatch(/load\[2\] +loaded u2\n$/)
    const missing = await project.sluice("logs", "keyed-1", "load", "--key", "nobody")
    expect(missing.stderr).toContain('task "load" has no item with the key "nobody"; expected a key')
    expect(missing.code).toBe(1)
  })

  it("says whether the database is migrated", async () => {
    const { code, stdout } = await project.sluice("db", "status")
    expect(stdout).toContain("state     up to date")
    expect(code).toBe(0)
  })

  it.each([
    [["runs", "show", "nope"], 'there is no run "nope"', 1],
    [
      ["xcom", "get", "look-1", "nope"],
      'DAG "squares" has no task "nope"; expected one of numbers, square, sum',
      1,
    ],
    [
      ["xcom", "get", "look-1", "square"],
      'task "square" is mapped; expected --index <n>, from 0 to 59, or --item-key <key>',
      2,
    ],
    [["xcom", "get", "look-1", "sum", "--key", "x"], 'sum of run "look-1" has no XCom "x"', 1],
    [["runs", "cancel", "look-1"], 'run "look-1" of DAG "squares" has ended already (success)', 1],
    [["logs", "look-1", "--index", "1"], "--index came without a task", 2],
    [
      ["runs", "list", "--database-url", "postgres://me@127.0.0.1:1/x"],
      "refuses connections. Is it running?",
      1,
    ],
  ])("refuses %j in one line", async (args, message, exitCode) => {
    const { code, stderr } = await project.sluice(...args)
    expect(stderr).toContain(message)
    expect(stderr.trimEnd().split("\n")).toHaveLength(1)
    expect(code).toBe(exitCode)
  })
})

describe("a database that was never migrated", () => {
  it("is refused in one line, and mended by db migrate", async () => {
    const empty = await testDatabase({ migrated: false })
    try {
      const url = ["--database-url", empty.url]
      const refused = await project.sluice("run", "good.ts", ...url)
      expect(refused.stderr).toContain("run `sluice db migrate`")
      expect(refused.code).toBe(1)
      expect((await project.sluice("db", "status", ...url)).code).toBe(1)
      expect((await project.sluice("db", "migrate", ...url)).stdout).toContain("applied 001_")
      expect((await project.sluice("db", "status", ...url)).code).toBe(0)
    } finally {
      await empty.drop()
    }
  })
})
