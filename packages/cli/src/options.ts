import type { OptionSpec } from "./command.ts"
import { UsageProblem } from "./problem.ts"

/** For every command that opens the database. */
export interface DatabaseFlag {
  readonly databaseUrl?: string
}

/** `--database-url`, before `DATABASE_URL`, before the project's embedded Postgres. */
export const databaseUrlOption: OptionSpec = {
  flags: "--database-url <url>",
  description: "the Postgres to use (default: DATABASE_URL, else an embedded one in .sluice)",
}

/** For the commands that read DAG files. */
export interface DagFolderFlags {
  readonly dags: string
  readonly folderName: string
}

/** `--dags` and `--folder-name`. */
export const dagFolderOptions: readonly OptionSpec[] = [
  { flags: "--dags <folder>", description: "the folder of DAG files", default: "dags" },
  {
    flags: "--folder-name <name>",
    description: "what the folder is called in the database, where there are several",
    default: "dags",
  },
]

/** For every command that prints data. */
export const jsonOption: OptionSpec = { flags: "--json", description: "print JSON, for programs" }

/** Reads a whole number that is at least `min`. */
export function wholeNumber(flag: string, min: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^-?\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value
    throw new UsageProblem(`${flag}: "${text}" came`, { expected: `a whole number from ${min} on` })
  }
}

/** Reads the number of a backfill. */
export function backfillIdOf(text: string): string {
  if (/^\d{1,18}$/.test(text)) return text
  throw new UsageProblem(`backfill "${text}" came`, {
    expected: "its number, as `sluice backfill list` shows it",
  })
}

/** Reads one of some names, as often as the option is given. */
export function oneOfRepeatable<A extends string>(
  flag: string,
  names: readonly A[],
): (text: string, before: unknown) => A[] {
  return (text, before) => {
    const found = names.find((name) => name === text)
    if (found === undefined)
      throw new UsageProblem(`${flag}: "${text}" came`, { expected: `one of ${names.join(", ")}` })
    return [...((before as A[] | undefined) ?? []), found]
  }
}

/** Map indexes from one to another, both counted. */
export interface IndexRange {
  readonly from: number
  readonly to: number
}

/** Reads a map index, or two with a dash between them. An unmapped task's is -1. */
export function indexRange(flag: string): (text: string) => IndexRange {
  return (text) => {
    const [, first, last = first] = /^(-1|\d+)(?:-(\d+))?$/.exec(text) ?? []
    const range = { from: Number(first), to: Number(last) }
    if (first !== undefined && Number.isSafeInteger(range.to) && range.from <= range.to) return range
    throw new UsageProblem(`${flag}: "${text}" came`, { expected: "a map index (5), or two (10-20)" })
  }
}

const portMax = 65_535

/** `--port`: where a server listens. */
export const portOption: OptionSpec = {
  flags: "--port <n>",
  description: "the port to listen on; 0: any that is free",
  parse: portNumber("--port"),
  default: 8080,
}

/** Reads a port; 0 is any that is free. */
export function portNumber(flag: string): (text: string) => number {
  return (text) => {
    const port = wholeNumber(flag, 0)(text)
    if (port <= portMax) return port
    throw new UsageProblem(`${flag}: ${port} came`, { expected: `a port from 0 to ${portMax}` })
  }
}
