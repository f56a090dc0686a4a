import { describeValue } from "../stream/describe-value.ts"
import { buildInto, DagBuilder } from "./dag-builder.ts"
import { DagDefinition } from "./dag-definition.ts"
import { checkDagOptions, type DagOptions } from "./dag-options.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { requireId } from "./task-id.ts"
import { taskGraph } from "./task-graph.ts"

/**
 * Makes a DAG: the tasks that `build` calls, joined by what they pass to each other.
 *
 * `build` runs at once, and again in every process that runs one of the tasks; so it must do the same each time.
 *
 * @example
 * export default dag("hello", { schedule: "@daily" }, () => {
 *   greet({ name: whoIsThere() })
 * })
 */
export function dag(id: string, build: () => unknown): DagDefinition
export function dag(id: string, options: DagOptions, build: () => unknown): DagDefinition
export function dag(id: string, ...rest: readonly unknown[]): DagDefinition {
  requireId(id, "dag()")
  const [options, build] = rest.length > 1 ? rest : [undefined, rest[0]]
  const { settings, defaults } = checkDagOptions(options, id)
  if (typeof build !== "function") throw notAFunction(id, build)
  const builder = new DagBuilder(id, defaults)
  refusePromise(
    id,
    buildInto(builder, () => Reflect.apply(build, undefined, []) as unknown),
  )
  return new DagDefinition(id, settings, taskGraph(builder.nodes, builder.groups))
}

function notAFunction(dagId: string, build: unknown): DagDefinitionError {
  return new DagDefinitionError({
    dagId,
    problem: `dag() got ${describeValue(build)} as its last argument`,
    expected: "the function that calls the DAG's tasks",
    fix: `write dag("${dagId}", { ... }, () => { ... })`,
  })
}

function refusePromise(dagId: string, returned: unknown): void {
  if (typeof returned !== "object" || returned === null || !("then" in returned)) return
  // What an async function does after its first await fails too, later and less clearly: this error stands for both.
  if (returned instanceof Promise) returned.catch(() => {})
  throw new DagDefinitionError({
    dagId,
    problem: "its function is async",
    expected: "a function that calls all tasks before it returns",
    fix: "load what it needs before, with a top-level await, or inside a task",
  })
}
