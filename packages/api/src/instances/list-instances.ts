/**
 * Lists of task instances, over one run or many, counted.
 *
 * Without a filter on rows the list is in its natural order: run, task, map index. There the total comes from
 * counters, a place is found by arithmetic over the tasks (and over the counters of pages, for a filter by state), and
 * only the rows of the slice are read, whatever the size of the maps. What can only be decided row by row (times,
 * tries, another order) is read whole, and refused where that would be too much.
 */
import type { SerializedDag, SerializedTask } from "@sluice/core/dag"
import { type TaskInstanceState, taskInstanceTransitions } from "@sluice/core/state"
import { partsOfExpansionId } from "@sluice/core/store"
import type {
  DagRunSummary,
  ExpansionView,
  InstanceRange,
  StoreService,
  TaskInstanceView,
} from "@sluice/core/store"
import { Effect } from "effect"
import { invalid } from "../problem.ts"
import { toWireState, type WireState } from "../wire/enums.ts"
import type { ListedInstance } from "../wire/task-instance.ts"
import type { DagVersions } from "./dag-versions.ts"
import { isPlaceholder, placeholderState } from "./placeholder.ts"

/** The most instances that are looked at one by one for a filter or an order that needs it. */
export const instancesScannedMax = 10_000

/** The most tasks of runs that one list looks at. */
export const tasksListedMax = 20_000

const rowsPerRead = 1_000

/** Which instances, in which order. */
export interface InstanceQuery {
  /** Null stands for those that have not begun. */
  readonly states?: readonly (WireState | null)[] | undefined
  readonly taskIds?: readonly string[] | undefined
  readonly mapIndexes?: readonly number[] | undefined
  /** Asked of each task, before any of its instances is read. */
  readonly fitsTask?: ((task: SerializedTask, dag: SerializedDag) => boolean) | undefined
  /** Asked of each instance: all that fit the rest are read. */
  readonly fitsRow?: ((instance: ListedInstance) => boolean) | undefined
  /** Leaves out what stands for a task without instances. */
  readonly withoutPlaceholders?: boolean | undefined
  /** Another order than the natural one: all are read. */
  readonly compare?: ((a: ListedInstance, b: ListedInstance) => number) | undefined
}

/** What a list of instances is read from. */
export interface InstanceSources {
  readonly store: StoreService
  readonly dagVersions: DagVersions
}

/** A slice of a list of instances, with the length of the list. */
export interface InstanceSlice {
  readonly instances: readonly ListedInstance[]
  readonly total: number
}

/** One task of one run, with how many of its instances fit. */
interface Segment {
  readonly run: DagRunSummary
  readonly view: ExpansionView
  readonly count: number
}

/** A slice of the instances of some runs. */
export async function listInstances(
  sources: InstanceSources,
  runs: readonly DagRunSummary[],
  query: InstanceQuery,
  { skip, limit }: { readonly skip: number; readonly limit: number },
): Promise<InstanceSlice> {
  const segments = await segmentsOf(sources, runs, query)
  const total = segments.reduce((sum, { count }) => sum + count, 0)
  if (isNatural(query))
    return { total, instances: await readParts(sources, partsOf(segments, skip, limit), storedStates(query)) }
  if (total > instancesScannedMax)
    throw invalid(
      ["query"],
      `${total} instances would have to be read for this filter or order; at most ${instancesScannedMax} are. Narrow it down by task_id, map_index or state`,
    )
  const all = await readAll(sources, partsOf(segments, 0, total), query)
  const fitting = all.filter((instance) => query.fitsRow?.(instance) ?? true)
  const { compare } = query
  const ordered = compare === undefined ? fitting : fitting.toSorted(compare)
  return { total: ordered.length, instances: ordered.slice(skip, skip + limit) }
}

/** A place in the natural order: after this instance. */
export interface InstancePlace {
  readonly expansionId: string
  readonly mapIndex: number
}

/** The instances that follow a place in the natural order; not counted. */
export async function pageInstances(
  sources: InstanceSources,
  runs: readonly DagRunSummary[],
  query: InstanceQuery,
  { after, limit }: { readonly after: InstancePlace | null; readonly limit: number },
): Promise<readonly ListedInstance[]> {
  if (!isNatural(query))
    throw invalid(
      ["query"],
      "a cursor goes with filters by task and state, and with no order; use offset instead",
    )
  const segments = await segmentsOf(sources, runs, query)
  if (after === null) return readParts(sources, partsOf(segments, 0, limit), storedStates(query))
  const begun = segments.find(({ view }) => view.expansionId === after.expansionId)
  const rest = segments.filter(({ view }) => BigInt(view.expansionId) > BigInt(after.expansionId))
  const first =
    begun === undefined || isPlaceholder(begun.view)
      ? []
      : await readAfter(sources, begun, query, after, limit)
  const more = await readParts(sources, partsOf(rest, 0, limit - first.length), storedStates(query))
  return [...first, ...more]
}

async function readAfter(
  sources: InstanceSources,
  { run }: Segment,
  query: InstanceQuery,
  after: InstancePlace,
  limit: number,
): Promise<ListedInstance[]> {
  const states = storedStates(query)
  const views = await Effect.runPromise(
    sources.store.listTaskInstances({
      ...{ expansionId: after.expansionId, afterIndex: after.mapIndex, limit },
      ...(states !== null && { states }),
    }),
  )
  const { dag } = await sources.dagVersions(run.dagVersionId)
  return views.map((view) => listed(run, taskOf(dag.tasks, view.expansionId), view))
}

function isNatural(query: InstanceQuery): boolean {
  return query.fitsRow === undefined && query.compare === undefined && query.mapIndexes === undefined
}

const knownStates = Object.keys(taskInstanceTransitions) as TaskInstanceState[]

/** The states asked for that an instance of ours can be in; null: any. */
function storedStates({ states }: InstanceQuery): readonly TaskInstanceState[] | null {
  return states === undefined ? null : knownStates.filter((state) => states.includes(state))
}

async function segmentsOf(
  sources: InstanceSources,
  runs: readonly DagRunSummary[],
  query: InstanceQuery,
): Promise<Segment[]> {
  const byId = new Map(runs.map((run) => [run.id, run]))
  const views = await Effect.runPromise(sources.store.expansionsOfRuns({ dagRunIds: [...byId.keys()] }))
  if (views.length > tasksListedMax)
    throw invalid(
      ["query"],
      `these runs have ${views.length} tasks; at most ${tasksListedMax} are listed at once. Narrow it down by DAG, run, state or date`,
    )
  const asked: { run: DagRunSummary; view: ExpansionView }[] = []
  for (const view of views) {
    const run = byId.get(partsOfExpansionId(view.expansionId).dagRunId)
    if (run === undefined || !(query.taskIds?.includes(view.taskId) ?? true)) continue
    if (query.fitsTask !== undefined) {
      const { dag } = await sources.dagVersions(run.dagVersionId)
      if (!query.fitsTask(taskOf(dag.tasks, view.expansionId), dag)) continue
    }
    asked.push({ run, view })
  }
  const counts = await countsOf(sources, asked, query)
  return asked.map(({ run, view }) => ({ run, view, count: counts(view) }))
}

async function countsOf(
  { store }: InstanceSources,
  asked: readonly { view: ExpansionView }[],
  query: InstanceQuery,
): Promise<(view: ExpansionView) => number> {
  const states = storedStates(query)
  const { mapIndexes } = query
  const ofPlaceholder = (view: ExpansionView) =>
    Number(
      query.withoutPlaceholders !== true &&
        (query.states?.includes(placeholderState(view)) ?? true) &&
        (mapIndexes === undefined || mapIndexes.includes(-1)),
    )
  if (mapIndexes !== undefined)
    return (view) => (isPlaceholder(view) ? ofPlaceholder(view) : placesOf(view, mapIndexes).length)
  if (states === null) return (view) => (isPlaceholder(view) ? ofPlaceholder(view) : view.created)
  const expansionIds = asked.filter(({ view }) => !isPlaceholder(view)).map(({ view }) => view.expansionId)
  const rows =
    states.length === 0 || expansionIds.length === 0
      ? []
      : await Effect.runPromise(store.countInstances({ expansionIds, states }))
  const counted = new Map(rows.map((row) => [row.expansionId, row.count]))
  return (view) => (isPlaceholder(view) ? ofPlaceholder(view) : (counted.get(view.expansionId) ?? 0))
}

/** A part of a slice: some places among the fitting instances of one task. */
interface Part extends InstanceRange {
  readonly segment: Segment
}

function partsOf(segments: readonly Segment[], skip: number, limit: number): Part[] {
  const parts: Part[] = []
  let before = 0
  let left = limit
  for (const segment of segments) {
    if (left <= 0) break
    const from = Math.max(0, skip - before)
    const count = Math.min(left, segment.count - from)
    before += segment.count
    if (count <= 0) continue
    parts.push({ segment, expansionId: segment.view.expansionId, skip: from, limit: count })
    left -= count
  }
  return parts
}

/** Reads parts in their order, in one call: at most a thousand instances. */
async function readParts(
  sources: InstanceSources,
  parts: readonly Part[],
  states: readonly TaskInstanceState[] | null,
): Promise<ListedInstance[]> {
  const ranges = parts.filter(({ segment }) => !isPlaceholder(segment.view))
  const views =
    ranges.length === 0
      ? []
      : await Effect.runPromise(
          sources.store.instancesAt({
            states,
            ranges: ranges.map(({ expansionId, skip, limit }) => ({ expansionId, skip, limit })),
          }),
        )
  const byExpansion = Map.groupBy(views, (view) => view.expansionId)
  const instances: ListedInstance[] = []
  for (const { segment, expansionId } of parts) {
    const { run } = segment
    const { dag } = await sources.dagVersions(run.dagVersionId)
    const task = taskOf(dag.tasks, expansionId)
    if (isPlaceholder(segment.view)) instances.push(placeholderOf(segment, task))
    else for (const view of byExpansion.get(expansionId) ?? []) instances.push(listed(run, task, view))
    // Parts of one task stand together: the first of them takes what came for all.
    byExpansion.delete(expansionId)
  }
  return instances
}

/** Reads parts however long they are, a thousand instances a call; with map indexes only those. */
async function readAll(
  sources: InstanceSources,
  parts: readonly Part[],
  query: InstanceQuery,
): Promise<ListedInstance[]> {
  const instances: ListedInstance[] = []
  // Chosen indexes are read whatever their state, which is asked of each.
  const states = query.mapIndexes === undefined ? storedStates(query) : null
  for (const group of groupsOf(parts.flatMap((part) => chunksOf(part, query)))) {
    for (const instance of await readParts(sources, group, states))
      if (query.states?.includes(instance.state) ?? true) instances.push(instance)
  }
  return instances
}

function chunksOf(part: Part, { mapIndexes }: InstanceQuery): Part[] {
  const { segment } = part
  if (isPlaceholder(segment.view)) return [part]
  if (mapIndexes !== undefined) {
    return placesOf(segment.view, mapIndexes).map((skip) => ({ ...part, skip, limit: 1 }))
  }
  const chunks: Part[] = []
  for (let done = 0; done < part.limit; done += rowsPerRead)
    chunks.push({ ...part, skip: part.skip + done, limit: Math.min(rowsPerRead, part.limit - done) })
  return chunks
}

/** The places of chosen map indexes among a task's instances, as far as these exist. */
function placesOf({ kind, created }: ExpansionView, mapIndexes: readonly number[]): number[] {
  const first = kind === "task" ? -1 : 0
  return mapIndexes.map((mapIndex) => mapIndex - first).filter((place) => place >= 0 && place < created)
}

/** Groups of parts that are read in one call each. */
function groupsOf(parts: readonly Part[]): Part[][] {
  const groups: Part[][] = []
  let rows = Infinity
  for (const part of parts) {
    if (rows + part.limit > rowsPerRead) {
      groups.push([])
      rows = 0
    }
    groups.at(-1)?.push(part)
    rows += part.limit
  }
  return groups
}

function placeholderOf({ run, view }: Segment, task: SerializedTask): ListedInstance {
  const { expansionId, taskId, openedAt, endedAt, streamError } = view
  return {
    run,
    task,
    state: placeholderState(view),
    view: {
      ...{ expansionId, taskId, mapIndex: -1, key: null, label: null },
      tryNumber: openedAt === null ? 0 : 1,
      startedAt: openedAt,
      endedAt,
      error: streamError,
    },
  }
}

function listed(run: DagRunSummary, task: SerializedTask, view: TaskInstanceView): ListedInstance {
  return { run, task, state: toWireState(view.state), view }
}

/** The task of an expansion: its ordinal is its place. */
function taskOf(tasks: readonly SerializedTask[], expansionId: string): SerializedTask {
  const task = tasks[partsOfExpansionId(expansionId).ordinal]
  if (task === undefined) throw new Error(`expansion ${expansionId} is of no task of its DAG version`)
  return task
}
