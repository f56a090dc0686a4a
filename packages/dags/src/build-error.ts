import { relative } from "node:path"
import { stripVTControlCharacters } from "node:util"
import type { TaskError } from "@sluice/core/host"

/** What rolldown tells of one problem. */
interface BuildProblem {
  readonly code?: string
  readonly message: string
  readonly id?: string
  readonly loc?: { readonly line: number; readonly column: number; readonly file?: string }
}

/** Says what is wrong with a DAG file: one line with file, line and column, and the code frame as the stack. */
export function describeBuildError(error: unknown, folder: string): TaskError {
  const [first, ...rest] = problemsOf(error)
  if (first === undefined) return { type: "BuildError", message: String(error), stack: null }
  const more = rest.length === 0 ? "" : ` (and ${rest.length} more problems)`
  return {
    type: typeOf(first),
    message: placeOf(first, folder) + headline(first) + more,
    stack: stripVTControlCharacters([first, ...rest].map((problem) => problem.message).join("\n")).trimEnd(),
  }
}

/** Says whether a warning of the bundler tells of an import that leads nowhere. */
export function isUnresolved(log: { readonly code?: string }): boolean {
  return log.code === "UNRESOLVED_IMPORT"
}

function problemsOf(error: unknown): BuildProblem[] {
  const gathered: unknown =
    typeof error === "object" && error !== null ? Reflect.get(error, "errors") : undefined
  if (Array.isArray(gathered)) return gathered as BuildProblem[]
  return error instanceof Error || isUnresolved(error as BuildProblem) ? [error as BuildProblem] : []
}

function typeOf(problem: BuildProblem): string {
  if (problem.code === "PARSE_ERROR") return "SyntaxError"
  return problem.code === "UNRESOLVED_IMPORT" ? "UnresolvedImport" : "BuildError"
}

function placeOf({ loc, id }: BuildProblem, folder: string): string {
  const file = loc?.file ?? id
  if (file === undefined) return ""
  const name = relative(folder, file)
  // Columns count from 0 in the bundler, from 1 in editors.
  return loc === undefined ? `${name}: ` : `${name}:${loc.line}:${loc.column + 1}: `
}

function headline(problem: BuildProblem): string {
  const [line = ""] = stripVTControlCharacters(problem.message).split("\n")
  return line.replace(/^\[[A-Z_]+\] /, "")
}
