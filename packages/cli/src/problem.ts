/** What the process ends with. */
export const exitCodes = { success: 0, failed: 1, usage: 2, interrupted: 130 } as const

/** A number that the process may end with. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Something that is expected to go wrong: told in one line, without a stack. */
export class Problem extends Error {
  override readonly name: string = "Problem"
  readonly exitCode: ExitCode = exitCodes.failed

  constructor(message: string, options: { expected?: string; fix?: string } = {}) {
    const wanted = options.expected === undefined ? "" : `; expected ${options.expected}`
    const advice = options.fix === undefined ? "" : `. Fix: ${options.fix}`
    super(`${message}${wanted}${advice}`)
  }
}

/** The command line or the DAG file is wrong: nothing was done. */
export class UsageProblem extends Problem {
  override readonly name = "UsageProblem"
  override readonly exitCode = exitCodes.usage
}
