/** Task groups: the tree that tasks stand in, what is left of a graph whose groups are closed, and how a group stands. */
import type { ExpansionState } from "@sluice/api/wire"
import { type BarState, lookOf } from "./states.ts"

/** A group of tasks. */
export interface TaskGroup {
  readonly group_id: string
  readonly parent_id: string | null
}

/** A task as it stands in its group. */
export interface GroupedTask {
  readonly task_id: string | null
  readonly task_group_id: string | null
}

/** A line of the tree: a group, or a task. */
export type TreeRow =
  | {
      readonly kind: "group"
      readonly id: string
      readonly depth: number
      readonly isOpen: boolean
      readonly taskIds: readonly string[]
    }
  | { readonly kind: "task"; readonly id: string; readonly depth: number }

/** The groups around a task or a group, the outermost first. */
function pathTo(groupId: string | null, groups: ReadonlyMap<string, TaskGroup>): readonly string[] {
  const path: string[] = []
  for (
    let id = groupId;
    id !== null && groups.has(id) && !path.includes(id);
    id = groups.get(id)?.parent_id ?? null
  )
    path.unshift(id)
  return path
}

const byId = (groups: readonly TaskGroup[]) => new Map(groups.map((group) => [group.group_id, group]))

/** A name without that of the group around it, where it begins with that. */
export function shortName(id: string, parentId: string | null): string {
  return parentId !== null && id.startsWith(`${parentId}.`) ? id.slice(parentId.length + 1) : id
}

/** Groups and tasks as lines, each group where its first task stands; what is in a closed group is left out. */
export function treeOf(
  tasks: readonly GroupedTask[],
  groups: readonly TaskGroup[],
  closed: ReadonlySet<string>,
): readonly TreeRow[] {
  const known = byId(groups)
  const pathOf = (task: GroupedTask) => pathTo(task.task_group_id, known)
  const rowsIn = (members: readonly GroupedTask[], depth: number): readonly TreeRow[] => {
    const seen = new Set<string>()
    return members.flatMap((task): readonly TreeRow[] => {
      const id = pathOf(task)[depth]
      if (id === undefined) return [{ kind: "task", id: task.task_id ?? "", depth }]
      if (seen.has(id)) return []
      seen.add(id)
      const inside = members.filter((other) => pathOf(other)[depth] === id)
      const isOpen = !closed.has(id)
      const row = {
        kind: "group",
        id,
        depth,
        isOpen,
        taskIds: inside.map((one) => one.task_id ?? ""),
      } as const
      return isOpen ? [row, ...rowsIn(inside, depth + 1)] : [row]
    })
  }
  return rowsIn(tasks, 0)
}

/** What stands in a graph: tasks, and closed groups; and the open groups around them. */
export interface GraphParts<T extends GroupedTask> {
  readonly tasks: readonly T[]
  readonly boxes: readonly { readonly id: string; readonly tasks: readonly T[] }[]
  /** The groups that are open, the outermost first. */
  readonly frames: readonly string[]
  /** The open group directly around a task or a closed group. */
  readonly frameOf: ReadonlyMap<string, string>
  /** What stands for a task: itself, or the outermost closed group around it. */
  readonly standsFor: ReadonlyMap<string, string>
}

/** A graph as it is with these groups closed. */
export function partsOf<T extends GroupedTask>(
  tasks: readonly T[],
  groups: readonly TaskGroup[],
  closed: ReadonlySet<string>,
): GraphParts<T> {
  const known = byId(groups)
  const frameOf = new Map<string, string>()
  const standsFor = new Map<string, string>()
  const boxes = new Map<string, T[]>()
  const frames = new Set<string>()
  for (const task of tasks) {
    const path = pathTo(task.task_group_id, known)
    const closedAt = path.findIndex((id) => closed.has(id))
    const around = closedAt === -1 ? path : path.slice(0, closedAt)
    const box = closedAt === -1 ? undefined : path[closedAt]
    const name = box ?? task.task_id ?? ""
    for (const id of around) frames.add(id)
    const frame = around.at(-1)
    if (frame !== undefined) frameOf.set(name, frame)
    standsFor.set(task.task_id ?? "", name)
    if (box !== undefined) boxes.set(box, [...(boxes.get(box) ?? []), task])
  }
  const depthOf = (id: string) => pathTo(id, known).length
  return {
    tasks: tasks.filter((task) => standsFor.get(task.task_id ?? "") === task.task_id),
    boxes: [...boxes].map(([id, inside]) => ({ id, tasks: inside })),
    frames: [...frames].toSorted((a, b) => depthOf(a) - depthOf(b)),
    frameOf,
    standsFor,
  }
}

/** The state of a task among those that bars show. */
function barStateOf(state: ExpansionState): BarState {
  const { tone } = lookOf(state)
  if (tone === "running" || tone === "success" || tone === "failed" || tone === "skipped") return tone
  return tone === "upstream" ? "upstream_failed" : "scheduled"
}

/** How the tasks of a group stand, each counted once, however many instances it has. */
export function mixOfTasks(states: readonly ExpansionState[]): Readonly<Partial<Record<BarState, number>>> {
  const mix: Partial<Record<BarState, number>> = {}
  for (const state of states) mix[barStateOf(state)] = (mix[barStateOf(state)] ?? 0) + 1
  return mix
}
