import type { CliContext } from "../context.ts"
import { type ExitCode, exitCodes } from "../problem.ts"
import { makeRunView } from "../view/observers.ts"
import { listenForInterrupts } from "./interrupts.ts"
import { runDag, type RunDagOptions } from "./run-dag.ts"
import type { RunResult } from "./run-result.ts"

/** What to run, and how to show it. */
export interface RunAndShowOptions extends Omit<RunDagOptions, "signal" | "observer"> {
  readonly json: boolean
  /** Whether to show what the last task returned. Default: true. */
  readonly showResult?: boolean
}

/** Runs a DAG under the user's eyes. Ctrl-C cancels it; a second one ends the process at once. */
export async function runAndShow(context: CliContext, options: RunAndShowOptions): Promise<RunResult> {
  const view = makeRunView(context, options)
  const interrupts = listenForInterrupts(() => process.exit(exitCodes.interrupted))
  try {
    const result = await runDag(context, { ...options, signal: interrupts.signal, observer: view })
    await view.ended(options.showResult === false && !options.json ? { ...result, value: null } : result)
    return result
  } finally {
    interrupts.close()
    await view.close()
  }
}

/** What a process ends with that ran this. */
export function exitCodeOf({ outcome }: Pick<RunResult, "outcome">): ExitCode {
  if (outcome === "cancelled") return exitCodes.interrupted
  return outcome === "success" ? exitCodes.success : exitCodes.failed
}
