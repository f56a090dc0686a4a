import { DagDefinitionError } from "./definition-error.ts"
import type { MappedScope } from "./mapped-scope.ts"
import { requireId } from "./task-id.ts"
import { tasksPerDagMax } from "./option-defaults.ts"
import { taskSettings, type GivenTaskOptions } from "./options.ts"
import { TaskNode, type NodeParts } from "./task-node.ts"

/** A group around what is called, with its defaults and, where it is mapped, over what. */
interface Surrounding {
  readonly group: NodeGroup
  readonly defaults: GivenTaskOptions
  readonly scope: MappedScope | null
}

/** A task group: a name in front of the ids of its tasks, and of the groups in it. */
export interface NodeGroup {
  readonly groupId: string
  /** The group around it; null: none. */
  readonly parent: string | null
}

/** Collects the tasks of one DAG while its build function runs. */
export class DagBuilder {
  readonly dagId: string
  readonly #defaults: GivenTaskOptions
  readonly #nodes = new Map<string, TaskNode>()
  readonly #groups = new Map<string, NodeGroup>()
  /** The groups around what is being called now, the outermost first. */
  readonly #around: Surrounding[] = []

  constructor(dagId: string, defaults: GivenTaskOptions) {
    this.dagId = dagId
    this.#defaults = defaults
  }

  /** The tasks in the order in which they were called. */
  get nodes(): readonly TaskNode[] {
    return [...this.#nodes.values()]
  }

  /** The groups in the order in which they were called. */
  get groups(): readonly NodeGroup[] {
    return [...this.#groups.values()]
  }

  /** The id of what is called now under this id: behind those of the groups around it. */
  idOf(id: string): string {
    const group = this.#around.at(-1)?.group
    return group === undefined ? id : `${group.groupId}.${id}`
  }

  /** The mapping of the group around what is called now; null: nothing of it is mapped. */
  get scope(): MappedScope | null {
    return this.#around.at(-1)?.scope ?? null
  }

  /** Runs a build function whose tasks are of a group of their own; gives what it returned, and its tasks. */
  inGroup<A>(
    id: string,
    { defaults, scope = this.scope }: Omit<Surrounding, "group" | "scope"> & { scope?: MappedScope | null },
    build: () => A,
  ): { readonly result: A; readonly nodes: readonly TaskNode[] } {
    const groupId = this.idOf(id)
    requireId(groupId, "group()")
    this.#refuseDuplicate(groupId)
    const parent = this.#around.at(-1)?.group.groupId ?? null
    const group = { groupId, parent }
    this.#groups.set(groupId, group)
    this.#around.push({ group, defaults, scope })
    const before = this.#nodes.size
    try {
      const result = build()
      return { result, nodes: this.nodes.slice(before) }
    } finally {
      this.#around.pop()
    }
  }

  /** Runs a build function whose tasks are of the group around, and are mapped by a scope. */
  mappedBy<A>(scope: MappedScope, build: () => A): A {
    const around = this.#around.at(-1)
    if (around === undefined) throw new Error("only tasks of a group are mapped together")
    this.#around.push({ ...around, defaults: {}, scope })
    try {
      return build()
    } finally {
      this.#around.pop()
    }
  }

  /** Adds a task whose id (`idOf`) must be new. */
  add(parts: Omit<NodeParts, "settings" | "groupId">, options: GivenTaskOptions): TaskNode {
    requireId(parts.taskId, "a task in a group")
    this.#refuseDuplicate(parts.taskId)
    this.#refuseTooMany()
    const layers = this.#around.map(({ defaults }) => defaults)
    const settings = taskSettings(this.#defaults, ...layers, options)
    const groupId = this.#around.at(-1)?.group.groupId ?? null
    const node = new TaskNode(this, { ...parts, groupId, settings })
    this.#nodes.set(node.taskId, node)
    return node
  }

  #refuseDuplicate(taskId: string): void {
    if (!this.#nodes.has(taskId) && !this.#groups.has(taskId)) return
    throw new DagDefinitionError({
      dagId: this.dagId,
      taskId,
      problem: "the id is used twice",
      expected: "an id of its own for each call of a task",
      fix: `give the second one another id, as in someTask.withId("${taskId}_2")(...)`,
    })
  }

  #refuseTooMany(): void {
    if (this.#nodes.size < tasksPerDagMax) return
    throw new DagDefinitionError({
      dagId: this.dagId,
      problem: `the DAG has more than ${tasksPerDagMax} tasks`,
      expected: `at most ${tasksPerDagMax}`,
      fix: "map one task over the items with iterate() or expand(), instead of calling it once for each",
    })
  }
}

// Building is synchronous, so one variable is enough: nothing else runs between its being set and reset.
let current: DagBuilder | null = null

/** Runs a build function with its tasks going to `builder`; gives what it returned. */
export function buildInto(builder: DagBuilder, build: () => unknown): unknown {
  if (current !== null) {
    throw new DagDefinitionError({
      dagId: current.dagId,
      problem: `dag("${builder.dagId}") was called inside it`,
      expected: "each DAG on its own",
      fix: "define the inner DAG outside of the outer one's function",
    })
  }
  current = builder
  try {
    return build()
  } finally {
    current = null
  }
}

/** Gives the DAG being built, or null outside `dag()`. */
export function dagBeingBuilt(): DagBuilder | null {
  return current
}

/** Gives the DAG being built, and refuses a task that is used outside `dag()`. */
export function requireDag(taskId: string, call: string): DagBuilder {
  if (current !== null) return current
  throw new DagDefinitionError({
    taskId,
    problem: `${call} was called outside dag()`,
    expected: "tasks to be called while a DAG is being built",
    fix: 'call it inside the function given to dag("id", () => { ... }), before any await',
  })
}

/** Refuses a task that does not belong to the DAG being built; `user` is what wanted to use it. */
export function requireOwnNode(node: TaskNode, user: string): void {
  if (node.owner === current && current !== null) return
  throw new DagDefinitionError({
    dagId: current?.dagId ?? node.dagId,
    problem:
      current === null
        ? `${user} was called with task "${node.taskId}" outside dag()`
        : `${user} got task "${node.taskId}" of dag "${node.dagId}"`,
    expected: "tasks of the DAG that is being built",
    fix: "call the task inside this dag(), and use its result only there",
  })
}
