import { describeValue } from "../stream/describe-value.ts"
import { dagBeingBuilt } from "./dag-builder.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { requireId } from "./task-id.ts"

/** What the function given to `captured` is told. */
export interface ParseScope {
  /** The folder in which the DAG file lies, on the machine that parses it. */
  readonly folder: string
}

/** Reads what a DAG file needs to know at its top level. */
export type ReadForParse<T = unknown> = (scope: ParseScope) => T | PromiseLike<T>

/** Answers a call of `captured`: who parses a file reads, who runs its tasks gives back what was read. */
export type Capturer = (name: string, read: ReadForParse) => unknown

/** A test, or a script, that imports a DAG file: nothing is kept of what it reads. */
const readAnew: Capturer = (_name, read) => read({ folder: process.cwd() })

// One bundle is evaluated at a time, so one variable is enough: who evaluates it says how its calls are answered.
let capturer: Capturer = readAnew

/**
 * Reads something when the DAG file is parsed, and keeps it with the version: whatever runs a task of that version, on
 * whatever machine, is given what was read then, and `read` is not called again.
 *
 * Call it with `await` at the top level of the file, for all that decides which tasks there are: a file, an API, a
 * table. What is kept stands in the database in the clear, and so is no place for secrets.
 *
 * @example
 * const tables = await captured("tables", async ({ folder }) =>
 *   parseYaml(await readFile(join(folder, "tables.yaml"), "utf8")) as Table[])
 * export default dag("copy", { parse: "every-run" }, () => {
 *   for (const table of tables) copy.withId(`copy_${table.name}`)(table)
 * })
 */
export function captured<T>(name: string, read: ReadForParse<T>): Promise<T> {
  requireId(name, "captured()")
  if (typeof read !== "function") {
    throw new DagDefinitionError({
      problem: `captured("${name}") got ${describeValue(read)} as its second argument`,
      expected: "the function that reads it",
      fix: `write await captured("${name}", async ({ folder }) => ...)`,
    })
  }
  const building = dagBeingBuilt()
  if (building !== null) {
    throw new DagDefinitionError({
      dagId: building.dagId,
      problem: `captured("${name}") was called inside dag()`,
      expected: "a call at the top level of the file",
      fix: "await it before dag(), and use its value inside",
    })
  }
  // What it does not throw at once, it rejects with: who forgets the await is told by the parse.
  const answer = capturer
  return (async () => (await answer(name, read)) as T)()
}

/** Has calls of `captured` answered so from now on; gives who answered before. */
export function answerCaptured(by: Capturer): Capturer {
  const before = capturer
  capturer = by
  return before
}
