import type { CliContext } from "./context.ts"
import type { ExitCode } from "./problem.ts"

/** An option of a command. */
export interface OptionSpec {
  /** As in the help: `--limit <n>`. */
  readonly flags: string
  readonly description: string
  /** Reads the text; throws `UsageProblem`. With `isRepeatable`, `before` is what came so far. */
  readonly parse?: (text: string, before: unknown) => unknown
  readonly default?: unknown
}

/** A command: what the help says of it, and what it does. */
export interface Command {
  /** Its words: `runs list`. */
  readonly path: string
  readonly arguments?: readonly { readonly name: string; readonly description: string }[]
  readonly summary: string
  /** A paragraph for its own help page. */
  readonly details?: string
  readonly options: readonly OptionSpec[]
  readonly examples: readonly string[]
  /** Does it. Arguments in order; one that was left out is undefined. */
  run(
    context: CliContext,
    options: Record<string, unknown>,
    args: readonly (string | undefined)[],
  ): Promise<ExitCode>
}

/** Makes a command whose `run` knows the types that its options parse to. */
// A boundary: what the parsers of the options gave is taken for what the command says of it.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function defineCommand<Options extends object>(
  command: Omit<Command, "run"> & {
    run(context: CliContext, options: Options, args: readonly (string | undefined)[]): Promise<ExitCode>
  },
): Command {
  return { ...command, run: (context, options, args) => command.run(context, options as Options, args) }
}
