import type { Range } from "@sluice/core/store"
import { secondsBetween } from "../wire/instant.ts"
import { rangeOf } from "../wire/query.ts"
import type { ListedInstance } from "../wire/task-instance.ts"
import type { InstanceListQuery } from "./task-instances.ts"

/** What instances can be ordered by. */
export const instanceOrderNames = {
  map_index: "map_index",
  id: "id",
  state: "state",
  duration: "duration",
  start_date: "start_date",
  end_date: "end_date",
  logical_date: "logical_date",
  run_after: "run_after",
  try_number: "try_number",
  task_id: "task_id",
  task_display_name: "task_id",
  dag_id: "dag_id",
  run_id: "run_id",
  dag_run_id: "run_id",
  rendered_map_index: "map_index",
} as const

type InstanceOrder = (typeof instanceOrderNames)[keyof typeof instanceOrderNames]

const keys: Readonly<Record<InstanceOrder, (instance: ListedInstance) => string | number | null>> = {
  map_index: ({ view }) => view.mapIndex,
  id: ({ view }) => Number(view.expansionId),
  state: ({ state }) => state,
  duration: ({ view }) => secondsBetween(view.startedAt, view.endedAt),
  start_date: ({ view }) => view.startedAt?.getTime() ?? null,
  end_date: ({ view }) => view.endedAt?.getTime() ?? null,
  logical_date: ({ run }) => run.logicalDate?.getTime() ?? null,
  run_after: ({ run }) => run.runAfter.getTime(),
  try_number: ({ view }) => view.tryNumber,
  task_id: ({ task }) => task.taskId,
  dag_id: ({ run }) => run.dagId,
  run_id: ({ run }) => run.runId,
}

/** Compares instances by some keys; those without a value come last, equals keep their natural order. */
export function compareBy(
  orders: readonly { readonly by: InstanceOrder; readonly isDescending: boolean }[],
): (a: ListedInstance, b: ListedInstance) => number {
  return (a, b) => {
    for (const { by, isDescending } of orders) {
      const [left, right] = [keys[by](a), keys[by](b)]
      if (left === right) continue
      if (left === null || right === null) return left === null ? 1 : -1
      return left < right === isDescending ? 1 : -1
    }
    return 0
  }
}

/** Whether anything is asked that only the instance itself can tell. */
export function asksForRows(query: InstanceListQuery): boolean {
  return (
    query.try_number !== undefined ||
    query.rendered_map_index_pattern !== undefined ||
    Object.values(rangesOfRows(query)).some((range) => range !== undefined)
  )
}

/** Whether an instance fits what was asked of it. */
export function rowFilter(query: InstanceListQuery): (instance: ListedInstance) => boolean {
  const { startDate, endDate, updatedAt, duration } = rangesOfRows(query)
  return ({ view }) =>
    (query.try_number?.includes(view.tryNumber) ?? true) &&
    fitsPattern(view.label ?? String(view.mapIndex), query.rendered_map_index_pattern) &&
    isWithin(view.startedAt, startDate) &&
    isWithin(view.endedAt, endDate) &&
    isWithin(view.endedAt ?? view.startedAt, updatedAt) &&
    isWithin(secondsBetween(view.startedAt, view.endedAt), duration)
}

function rangesOfRows(query: InstanceListQuery) {
  return {
    startDate: rangeOf<Date, "start_date">(query, "start_date"),
    endDate: rangeOf<Date, "end_date">(query, "end_date"),
    updatedAt: rangeOf<Date, "updated_at">(query, "updated_at"),
    duration: rangeOf<number, "duration">(query, "duration"),
  }
}

function isWithin<A extends Date | number>(value: A | null, range: Range<A> | undefined): boolean {
  if (range === undefined) return true
  if (value === null) return false
  const { gte, gt, lte, lt } = range
  return (
    (gte === undefined || value >= gte) &&
    (gt === undefined || value > gt) &&
    (lte === undefined || value <= lte) &&
    (lt === undefined || value < lt)
  )
}

/** Whether a text fits one of some patterns of SQL's `like`, without regard to case. */
export function fitsPattern(value: string, patterns: readonly string[] | undefined): boolean {
  return patterns === undefined || patterns.some((one) => expressionOf(one).test(value))
}

function expressionOf(pattern: string): RegExp {
  const escape = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const source = pattern.replaceAll(/\\(.)|[%_]|[^]/g, (token, escaped: string | undefined) => {
    if (escaped !== undefined) return escape(escaped)
    if (token === "%") return "[^]*"
    return token === "_" ? "[^]" : escape(token)
  })
  return new RegExp(`^${source}$`, "i")
}
