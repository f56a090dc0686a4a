import { z } from "@hono/zod-openapi"
import type { SerializedDag, SerializedTask } from "@sluice/core/dag"

const optionSchema = z.object({
  option: z.string(),
  before: z.unknown().describe("null: it was not given."),
  after: z.unknown().describe("null: it is not given."),
})

const change = z.enum(["added", "removed"])

/** What differs between two versions of a DAG. */
export const dagChangesSchema = z
  .object({
    dag_id: z.string(),
    version_number: z.int(),
    base_version_number: z.int(),
    is_code_same: z.boolean(),
    options: z.array(optionSchema),
    tasks: z.array(
      z.object({
        task_id: z.string(),
        change: z.enum(["added", "removed", "changed"]),
        options: z.array(optionSchema),
      }),
    ),
    task_groups: z.array(z.object({ group_id: z.string(), change })),
    edges: z.array(
      z.object({
        upstream: z.string(),
        downstream: z.string(),
        kind: z.enum(["complete", "stream"]),
        change,
      }),
    ),
  })
  .openapi("DAGChangesResponse")

type Changes = Pick<z.infer<typeof dagChangesSchema>, "options" | "tasks" | "task_groups" | "edges">

/** What is told elsewhere, or follows from what is: nobody wrote it. */
const notOptions: ReadonlySet<string> = new Set([
  ...["dagId", "tasks", "groups", "loops", "edges", "awaited"],
  ...["taskId", "ordinal", "weight", "xcomInputs", "gatesAbove", "decidesRun"],
])

/**
 * Says what was added to, removed from and changed in a DAG from one version to another.
 *
 * An option is told by its path, however deep it stands, so that one that a later release adds is told as well.
 */
export function changesOf(before: SerializedDag, after: SerializedDag): Changes {
  return {
    options: optionsChanged(optionsOfDag(before), optionsOfDag(after)),
    tasks: tasksChanged(before, after),
    task_groups: addedAndRemoved(before.groups, after.groups, ({ groupId }) => groupId).map(
      ({ one, change }) => ({ group_id: one.groupId, change }),
    ),
    edges: addedAndRemoved(before.edges, after.edges, (edge) =>
      JSON.stringify([edge.upstream, edge.downstream, edge.kind]),
    ).map(({ one: { upstream, downstream, kind }, change }) => ({ upstream, downstream, kind, change })),
  }
}

function tasksChanged(before: SerializedDag, after: SerializedDag): Changes["tasks"] {
  const old = new Map(before.tasks.map((task) => [task.taskId, task]))
  const kept = after.tasks.flatMap((task): Changes["tasks"] => {
    const known = old.get(task.taskId)
    old.delete(task.taskId)
    if (known === undefined) return [{ task_id: task.taskId, change: "added", options: [] }]
    const options = optionsChanged(optionsOf(known), optionsOf(task))
    return options.length === 0 ? [] : [{ task_id: task.taskId, change: "changed", options }]
  })
  const removed = [...old.keys()].map((taskId) => ({
    task_id: taskId,
    change: "removed" as const,
    options: [],
  }))
  return [...kept, ...removed]
}

function addedAndRemoved<A>(before: readonly A[], after: readonly A[], nameOf: (one: A) => string) {
  const [old, now] = [before, after].map((all) => new Set(all.map(nameOf)))
  return [
    ...after
      .filter((one) => old?.has(nameOf(one)) === false)
      .map((one) => ({ one, change: "added" as const })),
    ...before
      .filter((one) => now?.has(nameOf(one)) === false)
      .map((one) => ({ one, change: "removed" as const })),
  ]
}

type Options = ReadonlyMap<string, unknown>

function optionsOfDag(dag: SerializedDag): Options {
  const limits = dag.loops.map(
    ({ loopId, maxIterations }) => [`loops.${loopId}.max_iterations`, maxIterations] as const,
  )
  return new Map([...optionsOf(dag), ...limits])
}

/** The options of a DAG or a task: each that is no object by its path, with the names that the wire has. */
function optionsOf(of: SerializedDag | SerializedTask): Options {
  const found = new Map<string, unknown>()
  const walk = (value: unknown, path: string, isOurs: boolean) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      if (value !== null) found.set(path, value)
      return
    }
    for (const [key, inner] of Object.entries(value)) {
      const name = isOurs ? snake(key) : key
      // What is in the schema of the params has the author's names.
      walk(inner, path === "" ? name : `${path}.${name}`, isOurs && key !== "paramsSchema")
    }
  }
  walk(Object.fromEntries(Object.entries(of).filter(([key]) => !notOptions.has(key))), "", true)
  return found
}

function optionsChanged(before: Options, after: Options): Changes["options"] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((option) => JSON.stringify(before.get(option)) !== JSON.stringify(after.get(option)))
    .toSorted()
    .map((option) => ({ option, before: before.get(option) ?? null, after: after.get(option) ?? null }))
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
