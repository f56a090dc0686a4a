import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
import type { TaskError } from "@sluice/core/host"
import type { OwnedDag } from "@sluice/core/store"

/** Lines shown before and after the one at which it went wrong. */
const linesAround = 2

/** A frame of a stack in a file of the author's, as hosts write it: `at f (lib/users.ts:3:7)`. */
const frame = /^ {4}at (?:.* \()?([^():]+\.[a-z]+):(\d+):(\d+)\)?$/m

/**
 * Says why a file cannot be used, with place and source lines: what the bundler and the host told, and, for code that
 * threw at its top level, the line that did.
 */
export async function importErrorOf(error: TaskError, folder: string): Promise<TaskError> {
  const found = error.type === "SyntaxError" || error.stack === null ? null : frame.exec(error.stack)
  if (found === null) return error
  const [, file = "", line = "", column = ""] = found
  const source = await read(resolve(folder, file))
  const message = `${file}:${line}:${column}: ${error.message}`
  if (source === null) return { ...error, message }
  return { ...error, message, stack: `${codeFrame(source, Number(line), Number(column))}\n\n${error.stack}` }
}

/** The text of a file, or null where it cannot be read any more. */
async function read(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8")
  } catch {
    return null
  }
}

/** Says which other files define the same DAGs, by both names. */
export function duplicateDagError(path: string, owned: readonly OwnedDag[]): TaskError {
  const each = owned.map((other) => `"${other.dagId}" is defined in ${other.path} as well`)
  return {
    type: "DuplicateDag",
    message: `${path}: DAG ${each.join(", DAG ")}. Fix: rename one of them; until then ${owned.length === 1 ? "the other" : "the others"} counts`,
    stack: null,
  }
}

/** The lines around one, numbered, with a mark below the column. */
function codeFrame(source: string, line: number, column: number): string {
  const lines = source.split("\n")
  const first = Math.max(1, line - linesAround)
  const last = Math.min(lines.length, line + linesAround)
  const width = String(last).length
  const shown: string[] = []
  for (let number = first; number <= last; number++) {
    shown.push(`${number === line ? ">" : " "} ${String(number).padStart(width)} | ${lines[number - 1]}`)
    if (number === line) shown.push(`  ${" ".repeat(width)} | ${" ".repeat(Math.max(0, column - 1))}^`)
  }
  return shown.join("\n")
}
