import { Command as Node, CommanderError, Option } from "commander"
import type { Command, OptionSpec } from "./command.ts"
import type { CliContext } from "./context.ts"
import { type ExitCode, exitCodes, UsageProblem } from "./problem.ts"

/** A word that other commands follow. */
export interface Group {
  readonly name: string
  readonly summary: string
}

/** What the program is made of. */
export interface ProgramOptions {
  readonly name: string
  readonly description: string
  readonly version: string
  readonly groups: readonly Group[]
  readonly commands: readonly Command[]
  readonly examples: readonly string[]
}

/**
 * Reads the command line and runs the command it names; gives what the process ends with.
 *
 * Throws `UsageProblem` for a command line that makes no sense, and whatever the command throws.
 */
export async function runProgram(
  options: ProgramOptions,
  context: CliContext,
  words: readonly string[],
): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.success
  const pending: Promise<void>[] = []
  const write = (output: CliContext["out"]) => (text: string) => void pending.push(output.write(text))
  const root = new Node(options.name)
    .description(options.description)
    .version(options.version, "-V, --version", "print the version")
    .addHelpText("after", examplesText(options.examples))
  const wire = (node: Node): Node => configure(node, write(context.out), write(context.err))
  wire(root)
  const groups = new Map(
    options.groups.map(({ name, summary }) => [name, wire(new Node(name).description(summary))]),
  )
  for (const command of options.commands) {
    const run = async (args: readonly (string | undefined)[], given: Record<string, unknown>) => {
      exitCode = await command.run(context, given, args)
    }
    parentOf(root, groups, command.path).addCommand(wire(makeNode(command, run)))
  }
  const end = await parse(root, words)
  await Promise.all(pending)
  return end ?? exitCode
}

/** Reads the command line of a program that is one command. */
export async function runCommand(
  command: Command,
  context: CliContext,
  words: readonly string[],
): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.success
  const pending: Promise<void>[] = []
  const run = async (args: readonly (string | undefined)[], given: Record<string, unknown>) => {
    exitCode = await command.run(context, given, args)
  }
  const write = (output: CliContext["out"]) => (text: string) => void pending.push(output.write(text))
  const end = await parse(configure(makeNode(command, run), write(context.out), write(context.err)), words)
  await Promise.all(pending)
  return end ?? exitCode
}

/** Runs the command that the words name; null: it decides what the process ends with. */
async function parse(root: Node, words: readonly string[]): Promise<ExitCode | null> {
  try {
    await root.parseAsync(words, { from: "user" })
    return null
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return onCommanderError(root.name(), error)
  }
}

function configure(node: Node, out: (text: string) => void, err: (text: string) => void): Node {
  return node
    .exitOverride()
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .configureOutput({ writeOut: out, writeErr: err, outputError: () => {} })
}

/** A group comes into the help with the first of its commands. */
function parentOf(root: Node, groups: ReadonlyMap<string, Node>, path: string): Node {
  const [group = "", name] = path.split(" ")
  if (name === undefined) return root
  const found = groups.get(group)
  if (found === undefined) throw new Error(`command "${path}" has no group`)
  if (!root.commands.includes(found)) root.addCommand(found)
  return found
}

function makeNode(
  command: Command,
  run: (args: readonly (string | undefined)[], options: Record<string, unknown>) => Promise<void>,
): Node {
  const node = new Node(command.path.split(" ").at(-1)).summary(command.summary)
  node.description(
    command.details === undefined ? command.summary : `${command.summary}\n\n${command.details}`,
  )
  for (const argument of command.arguments ?? []) node.argument(argument.name, argument.description)
  for (const option of command.options) node.addOption(makeOption(option))
  node.addHelpText("after", examplesText(command.examples))
  node.action((...given: unknown[]) =>
    run(node.processedArgs as (string | undefined)[], given.at(-2) as Record<string, unknown>),
  )
  return node
}

function makeOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description)
  if (spec.parse !== undefined) option.argParser(spec.parse)
  if (spec.default !== undefined) option.default(spec.default)
  return option
}

function examplesText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((example) => `  $ ${example}`).join("\n")}`
}

/** Help and version end well; everything else is a mistake in the command line. */
function onCommanderError(name: string, error: CommanderError): ExitCode {
  if (error.exitCode === 0) return exitCodes.success
  if (error.code === "commander.help") return exitCodes.usage
  throw new UsageProblem(`${oneLine(error.message)} (\`${name} --help\` shows how)`)
}

/** `error: unknown command 'rn'\n(Did you mean run?)` in one line. */
function oneLine(message: string): string {
  return message
    .replace(/^error: /, "")
    .replace(/\n\((Did you mean .*\?)\)/s, ". $1")
    .replaceAll("\n", " ")
    .trim()
}
