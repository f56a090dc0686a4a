/** Works out of which tasks a branch, a short circuit or a setup decides whether they run. */
import type { Gate } from "../state/gate.ts"
import { DagDefinitionError } from "./definition-error.ts"
import type { NodeGroup } from "./dag-builder.ts"
import type { NodeEdge } from "./edges.ts"
import { gateTargetsMax } from "./option-defaults.ts"
import type { TaskNode } from "./task-node.ts"

/** Gives the gates of a DAG, with their targets by ordinal. `nodes` are in topological order. */
export function gatesOf(
  nodes: readonly TaskNode[],
  edges: readonly NodeEdge[],
  groups: readonly NodeGroup[],
): ReadonlyMap<TaskNode, Gate> {
  const gates = new Map<TaskNode, Gate>()
  const around = new Surroundings(nodes, edges, groups)
  for (const node of nodes) {
    const gate = gateOf(node, around)
    if (gate !== null) gates.set(node, gate)
  }
  refuseTooManyTargets(gates)
  return gates
}

function gateOf(node: TaskNode, around: Surroundings): Gate | null {
  switch (node.purpose?.kind) {
    case "branch":
      return branchGate(node, around)
    case "short_circuit": {
      const all = around.next(node)
      const skipped = node.purpose.isTransitive ? around.from(all) : all
      return { kind: "short_circuit", targets: around.ordinalsOf(work(skipped)) }
    }
    case "setup":
      return setupGate(node, around)
    case "teardown":
    case undefined:
      return null
  }
}

function branchGate(node: TaskNode, around: Surroundings): Gate {
  const next = around.next(node)
  const targets = work(next)
  // Where a way leads to a sibling, that is not skipped: it joins what was followed.
  const wayTo = (id: string, children: readonly TaskNode[]) => {
    const reached = around.from(children)
    return { id, follows: around.ordinalsOf(targets.filter((other) => reached.has(other))) }
  }
  const own = new Set(around.groupsOf(node))
  const groups = Map.groupBy(
    next.flatMap((child) => around.groupsOf(child).map((group) => ({ group, child }))),
    ({ group }) => group,
  )
  const ways = [
    ...next.map((child) => wayTo(child.taskId, [child])),
    // A group's id stands for all of its tasks that come next.
    ...[...groups].flatMap(([group, members]) =>
      own.has(group)
        ? []
        : wayTo(
            group,
            members.map(({ child }) => child),
          ),
    ),
  ]
  return { kind: "branch", targets: around.ordinalsOf(targets), ways }
}

/** The work of a setup lies before its teardowns; of one without a teardown it is all that follows. */
function setupGate(node: TaskNode, around: Surroundings): Gate {
  const next = around.next(node)
  const teardowns = next.filter(isTeardown)
  const before = teardowns.length === 0 ? null : around.upFrom(teardowns)
  const targets = work(around.from(next)).filter((task) => before === null || before.has(task))
  const direct = targets.filter((task) => next.includes(task))
  return { kind: "setup", targets: around.ordinalsOf(targets), direct: around.ordinalsOf(direct) }
}

/** Teardowns go by what became of their setups alone: no gate says anything of them. */
function work(tasks: Iterable<TaskNode>): TaskNode[] {
  return [...tasks].filter((task) => !isTeardown(task))
}

function isTeardown({ purpose }: TaskNode): boolean {
  return purpose?.kind === "teardown"
}

type Links = ReadonlyMap<TaskNode, readonly TaskNode[]>

/** What lies above and below each task. */
class Surroundings {
  readonly #ordinals: ReadonlyMap<TaskNode, number>
  readonly #below: Links
  readonly #above: Links

  readonly #parents: ReadonlyMap<string, string | null>

  constructor(nodes: readonly TaskNode[], edges: readonly NodeEdge[], groups: readonly NodeGroup[]) {
    this.#parents = new Map(groups.map(({ groupId, parent }) => [groupId, parent]))
    this.#ordinals = new Map(nodes.map((node, ordinal) => [node, ordinal] as const))
    this.#below = links(edges.map(({ upstream, downstream }) => [upstream, downstream]))
    this.#above = links(edges.map(({ upstream, downstream }) => [downstream, upstream]))
  }

  /** The groups that a task is in, the innermost first. */
  groupsOf({ groupId }: TaskNode): string[] {
    const around: string[] = []
    for (let group = groupId; group !== null; group = this.#parents.get(group) ?? null) around.push(group)
    return around
  }

  next(node: TaskNode): readonly TaskNode[] {
    return this.#below.get(node) ?? []
  }

  /** All tasks that edges lead to, with those at which it starts. */
  from(start: readonly TaskNode[]): ReadonlySet<TaskNode> {
    return reach(start, this.#below)
  }

  upFrom(start: readonly TaskNode[]): ReadonlySet<TaskNode> {
    return reach(start, this.#above)
  }

  ordinalsOf(nodes: readonly TaskNode[]): number[] {
    return nodes.map((node) => this.#ordinals.get(node) ?? 0).toSorted((a, b) => a - b)
  }
}

function links(pairs: readonly (readonly [TaskNode, TaskNode])[]): Links {
  const map = new Map<TaskNode, TaskNode[]>()
  for (const [from, to] of pairs) {
    const list = map.get(from)
    if (list === undefined) map.set(from, [to])
    else list.push(to)
  }
  return map
}

function reach(start: readonly TaskNode[], along: Links): ReadonlySet<TaskNode> {
  const reached = new Set(start)
  // A set yields what is added while it is walked, so it is its own queue.
  for (const node of reached) for (const next of along.get(node) ?? []) reached.add(next)
  return reached
}

/**
 * Says which tasks decide how the run ends, as in Airflow: those that nothing follows but teardowns that do not count, and
 * that are none themselves. Where there is no other task, all leaves.
 */
export function decidingNodes(nodes: readonly TaskNode[], edges: readonly NodeEdge[]): ReadonlySet<TaskNode> {
  const counts = ({ purpose }: TaskNode) => purpose?.kind !== "teardown" || purpose.failsRun
  const followed = new Set(edges.flatMap((edge) => (counts(edge.downstream) ? [edge.upstream] : [])))
  const deciding = nodes.filter((node) => counts(node) && !followed.has(node))
  if (deciding.length > 0) return new Set(deciding)
  const withDownstream = new Set(edges.map((edge) => edge.upstream))
  return new Set(nodes.filter((node) => !withDownstream.has(node)))
}

function refuseTooManyTargets(gates: ReadonlyMap<TaskNode, Gate>): void {
  let targets = 0
  for (const [node, gate] of gates) {
    targets += gate.targets.length
    if (targets <= gateTargetsMax) continue
    throw new DagDefinitionError({
      dagId: node.dagId,
      taskId: node.taskId,
      problem: `the branches, short circuits and setups up to it decide over more than ${gateTargetsMax} tasks in sum`,
      expected: `at most ${gateTargetsMax}`,
      fix: "give short circuits ignoreDownstreamTriggerRules: false, so that they skip only what comes next",
    })
  }
}
