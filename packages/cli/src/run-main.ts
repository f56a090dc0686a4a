import type { CliContext } from "./context.ts"
import { makeOutput } from "./output.ts"
import { type ProgramOptions, runProgram } from "./program.ts"
import { reportError } from "./report-error.ts"

/** Runs a program on this process: its arguments, its streams, its exit code. */
export async function runMain(program: ProgramOptions): Promise<void> {
  const context: CliContext = {
    cwd: process.cwd(),
    env: process.env,
    out: makeOutput(process.stdout, process.env),
    err: makeOutput(process.stderr, process.env),
  }
  try {
    process.exitCode = await runProgram(program, context, process.argv.slice(2))
  } catch (error) {
    process.exitCode = await tell(program.name, context, error)
  }
}

async function tell(name: string, { err }: CliContext, error: unknown): Promise<number> {
  const report = reportError(error)
  await err.line(`${err.style("red", `${name}:`)} ${report.line}`)
  if (report.stack !== null) await err.line(report.stack)
  return report.exitCode
}
