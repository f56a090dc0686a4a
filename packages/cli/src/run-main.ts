import type { Command } from "./command.ts"
import type { CliContext } from "./context.ts"
import { makeOutput } from "./output.ts"
import type { ExitCode } from "./problem.ts"
import { type ProgramOptions, runCommand, runProgram } from "./program.ts"
import { reportError } from "./report-error.ts"

/** Runs a program on this process: its arguments, its streams, its exit code. */
export function runMain(program: ProgramOptions): Promise<void> {
  return onProcess(program.name, (context, words) => runProgram(program, context, words))
}

/** Runs a program that is one command. */
export function runCommandMain(command: Command): Promise<void> {
  return onProcess(command.path, (context, words) => runCommand(command, context, words))
}

/**
 * How long a process may go on that has nothing more to do: a request that nobody answers, as to a collector of traces, keeps
 * it no longer.
 */
const lingerMsMax = 1_000

async function onProcess(
  name: string,
  run: (context: CliContext, words: readonly string[]) => Promise<ExitCode>,
): Promise<void> {
  const context: CliContext = {
    cwd: process.cwd(),
    env: process.env,
    out: makeOutput(process.stdout, process.env),
    err: makeOutput(process.stderr, process.env),
  }
  try {
    process.exitCode = await run(context, process.argv.slice(2))
  } catch (error) {
    process.exitCode = await tell(name, context, error)
  }
  // Unreferenced: a process that nothing keeps ends at once.
  setTimeout(exit, lingerMsMax).unref()
}

/** Ends the process once what it has said is read. */
function exit(): void {
  process.stdout.write("", () => process.stderr.write("", () => process.exit()))
}

async function tell(name: string, { err }: CliContext, error: unknown): Promise<ExitCode> {
  const report = reportError(error)
  await err.line(`${err.style("red", `${name}:`)} ${report.line}`)
  if (report.stack !== null) await err.line(report.stack)
  return report.exitCode
}
