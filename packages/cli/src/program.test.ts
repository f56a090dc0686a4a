import { describe, expect, it } from "vitest"
import { defineCommand } from "./command.ts"
import { jsonOption, oneOfRepeatable, wholeNumber } from "./options.ts"
import { exitCodes } from "./problem.ts"
import { runProgram } from "./program.ts"
import { keptOutput } from "./view/run.test.fixture.ts"

function setup() {
  const calls: unknown[] = []
  const list = defineCommand<{ limit: number; state?: string[]; json?: boolean }>({
    path: "runs list",
    arguments: [{ name: "[which]", description: "which" }],
    summary: "list runs",
    options: [
      { flags: "--limit <n>", description: "at most", parse: wholeNumber("--limit", 1), default: 20 },
      {
        flags: "--state <state>",
        description: "only",
        parse: oneOfRepeatable("--state", ["failed", "success"]),
      },
      jsonOption,
    ],
    examples: ["sluice runs list"],
    run: (_context, options, args) => {
      calls.push({ ...options, args })
      return Promise.resolve(exitCodes.failed)
    },
  })
  const out = keptOutput()
  const context = { cwd: "/", env: {}, out, err: keptOutput() }
  const program = {
    name: "sluice",
    description: "d",
    version: "1.2.3",
    groups: [{ name: "runs", summary: "list runs" }],
    commands: [list],
    examples: ["sluice run a.ts"],
  }
  return { calls, out, run: (...words: string[]) => runProgram(program, context, words) }
}

describe("the command line", () => {
  it("runs a command with its options parsed, and ends with its exit code", async () => {
    const { calls, run } = setup()
    expect(await run("runs", "list", "a", "--limit", "5", "--state", "failed", "--state", "success")).toBe(1)
    expect(await run("runs", "list", "--json")).toBe(1)
    expect(calls).toEqual([
      { limit: 5, state: ["failed", "success"], args: ["a"] },
      { limit: 20, json: true, args: [undefined] },
    ])
  })

  it("shows help with examples", async () => {
    const { out, run } = setup()
    expect(await run("runs", "list", "--help")).toBe(0)
    expect(out.text()).toContain("Usage: sluice runs list [options] [which]")
    expect(out.text()).toContain("$ sluice runs list")
  })

  it("shows its version", async () => {
    const { out, run } = setup()
    expect(await run("--version")).toBe(0)
    expect(out.text()).toBe("1.2.3\n")
  })

  it.each([
    [["rus"], "unknown command 'rus'. Did you mean runs?"],
    [["runs", "lst"], "unknown command 'lst'. Did you mean list?"],
    [["runs", "list", "--jso"], "unknown option '--jso'. Did you mean --json?"],
    [["runs", "list", "--limit", "0"], '--limit: "0" came; expected a whole number from 1 on'],
    [["runs", "list", "--limit", "1e3"], '--limit: "1e3" came; expected a whole number from 1 on'],
    [["runs", "list", "--state", "fail"], '--state: "fail" came; expected one of failed, success'],
    [["runs", "list", "a", "b"], "too many arguments"],
  ])("refuses %j and says what was meant", async (words, message) => {
    const { calls, run } = setup()
    await expect(run(...words)).rejects.toThrow(message)
    expect(calls).toEqual([])
  })
})
