import type { TaskInstanceState } from "../../state/task-instance.ts"
import type { ReadStore, TaskInstanceView } from "../read-store.ts"
import { isUnrecorded } from "./offers.ts"
import { pageAt } from "./page-at.ts"
import { type ExpansionRecord, type InstanceRow, type LeaseRecord, dateOf } from "./state.ts"

type ListOptions = Parameters<ReadStore["listTaskInstances"]>[0]

/** What the names of all XComs of an instance begin with. */
export function xcomPrefix(mapIndex: number): string {
  return `${mapIndex}/`
}

/** The name under which an instance's XCom is kept. */
export function xcomName(mapIndex: number, key: string): string {
  return `${xcomPrefix(mapIndex)}${key}`
}

/** The value an instance left under a key; `return_value` is its result. Undefined when it left none. */
export function xcomOf(expansion: ExpansionRecord, mapIndex: number, key: string): string | undefined {
  if (key !== "return_value") return expansion.xcoms.get(xcomName(mapIndex, key))
  const row = expansion.rows.get(mapIndex)
  return row?.state === "success" ? (row.value ?? undefined) : undefined
}

/** Instances in index order, whether or not they have a row. */
export function listTaskInstances(expansion: ExpansionRecord, options: ListOptions): TaskInstanceView[] {
  const views: TaskInstanceView[] = []
  const first = expansion.task.kind === "task" ? -1 : 0
  let index = Math.max(first, options.afterIndex + 1)
  const { states, label, toIndex = Number.MAX_SAFE_INTEGER } = options
  for (; views.length < options.limit && index <= toIndex && hasInstance(expansion, index); index++) {
    const view = instanceAt(expansion, index)
    const isLabelled = label === undefined || (view.label?.includes(label) ?? false)
    if (isLabelled && (states?.includes(view.state) ?? true)) views.push(view)
  }
  return views
}

/** A shared source stores items; it has no instances. */
function hasInstance(expansion: ExpansionRecord, index: number): boolean {
  return expansion.task.kind !== "source" && pageAt(expansion, index) !== undefined
}

/** The instance whose item has a key; undefined when there is none. */
export function instanceByKey(expansion: ExpansionRecord, key: string): TaskInstanceView | undefined {
  const mapIndex = expansion.keys.get(key)
  return mapIndex === undefined ? undefined : instanceAt(expansion, mapIndex)
}

function instanceAt(expansion: ExpansionRecord, mapIndex: number): TaskInstanceView {
  const row = expansion.rows.get(mapIndex)
  const page = pageAt(expansion, mapIndex)
  const place = mapIndex - (page?.firstIndex ?? 0)
  const lease = [...expansion.leases].find((held) => isUnrecorded(held, mapIndex))
  return {
    expansionId: expansion.id,
    taskId: expansion.task.taskId,
    mapIndex,
    key: page?.keys?.[place] ?? null,
    label: page?.labels?.[place] ?? null,
    ...(lease === undefined ? recordedFacts(row) : runningFacts(lease)),
  }
}

type InstanceFacts = Pick<TaskInstanceView, "state" | "tryNumber" | "startedAt" | "endedAt" | "error">

function runningFacts(lease: LeaseRecord): InstanceFacts {
  const { tryNumber, startedAt } = lease
  return { state: "running", tryNumber, startedAt: dateOf(startedAt), endedAt: null, error: null }
}

function recordedFacts(row: InstanceRow | undefined): InstanceFacts {
  const state: TaskInstanceState = row?.state ?? "scheduled"
  return {
    state,
    tryNumber: row?.tryNumber ?? 0,
    startedAt: dateOf(row?.startedAt ?? null),
    endedAt: dateOf(row?.endedAt ?? null),
    error: row?.error ?? null,
  }
}
