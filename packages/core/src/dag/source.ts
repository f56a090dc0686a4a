import { describeValue } from "../stream/describe-value.ts"
import { LazyXCom } from "../stream/lazy-xcom.ts"
import type { Cursor } from "../stream/page.ts"
import type { PagedStream } from "../stream/paged-stream.ts"
import { generatorSource, type SourceArgs, type YieldedItem } from "../stream/sources/generator-source.ts"
import { unfoldSource, type Unfold, type UnfoldContext } from "../stream/sources/unfold-source.ts"
import { dagBeingBuilt } from "./dag-builder.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { planSourceInput } from "./input-plan.ts"
import { checkSourceOptions, type SourceOptions } from "./options.ts"
import { addSource } from "./source-node.ts"
import { sourceStream, type SourceParams } from "./source-stream.ts"
import type { TaskContext } from "./task-context.ts"
import { nestedMapping } from "./mapped-scope.ts"
import { requireId } from "./task-id.ts"
import type { InputFields } from "./task-input.ts"

/** What a source may know of the run it is pulled in; outside a run it knows nothing. */
export type SourceRun = Partial<
  Pick<TaskContext, "dagId" | "runId" | "logicalDate" | "dataInterval" | "params" | "variable" | "connection">
>

/** What the `pull` of an unfold is called with, besides the cursor and the source's own parameters. */
export interface UnfoldScope {
  readonly signal: AbortSignal
  /** How many items the reader would like in this page. */
  readonly pageSize: number
  readonly context: SourceRun
  /** The log of the page being pulled; absent outside a run. */
  readonly log?: TaskContext["log"]
}

/** What a source's generator is called with, besides the source's own parameters. */
export interface SourceScope extends UnfoldScope {
  /**
   * Where to start: the cursor that the last committed page gave, undefined at the beginning.
   *
   * A boundary, and so `any`: the generator made this cursor itself, and may say its type where it takes it.
   */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly cursor?: any
}

/** A source as a function from a cursor to the page there. */
export interface UnfoldDefinition<Item, C, Args> {
  readonly start: C
  pull(cursor: Widened<C>, scope: Args): UnfoldPage<Item, C> | PromiseLike<UnfoldPage<Item, C>>
}

/** The items at a cursor, and the cursor that follows them; null: no more. */
export interface UnfoldPage<Item, C> {
  readonly items: readonly Item[]
  readonly next: Widened<C> | null
  /** With `next: null`: where to go on when the source is extended later, such as a delta link. */
  readonly resume?: Widened<C>
}

/** The type of a cursor without the particular value at which it starts: `number` for 0. */
type Widened<C> = C extends string ? string : C extends number ? number : C extends boolean ? boolean : C

/** What a source is called with: the parameters that its function takes besides those every source gets. */
export type SourceArguments<Args> =
  Exclude<keyof Args, keyof SourceScope> extends never
    ? []
    : Partial<Omit<Args, keyof SourceScope>> extends Omit<Args, keyof SourceScope>
      ? [params?: InputFields<Omit<Args, keyof SourceScope>>]
      : [params: InputFields<Omit<Args, keyof SourceScope>>]

/** A source to be used in DAGs: called, it gives the stream of its items. */
export interface Source<Args, Item> {
  /** Adds the source to the DAG being built. Outside a DAG it gives a stream to be read at once, for tests. */
  (...params: SourceArguments<Args>): LazyXCom<Item>
  readonly taskId: string
  /** Gives the same source another id, so that one DAG can use it twice. */
  withId(taskId: string): Source<Args, Item>
}

/**
 * Makes a source: something that is read page by page, as slowly as its consumers need.
 *
 * Give it an async generator that yields `page(items, next)`, or an unfold `{ start, pull }`: both go on from any
 * cursor. A generator of bare items, or a function that returns any async iterable, is re-opened by replay: read from
 * its beginning, skipping what was taken.
 *
 * @example
 * const rows = source("rows", async function* ({ cursor = 0, signal }) {
 *   for (let from = cursor; ; from += 100) {
 *     const items = await readRows(from, 100, signal)
 *     yield page(items, items.length < 100 ? null : from + 100)
 *     if (items.length < 100) return
 *   }
 * })
 */
export function source<Yielded, Args = SourceScope>(
  id: string,
  read: (scope: Args) => AsyncIterable<Yielded>,
  options?: SourceOptions,
): Source<Args, YieldedItem<Yielded>>
export function source<Item, C extends Cursor, Args = UnfoldScope>(
  id: string,
  unfold: UnfoldDefinition<Item, C, Args>,
  options?: SourceOptions,
): Source<Args, Item>
export function source(id: string, definition: unknown, options?: SourceOptions): Source<unknown, unknown> {
  requireId(id, "source()")
  const given = checkSourceOptions(options, { taskId: id })
  return makeSource(id, requireDefinition(id, definition), given)
}

type SourceDefinition = ((scope: SourceArgs) => AsyncIterable<unknown>) | Unfold<unknown, Cursor>

function makeSource(
  id: string,
  definition: SourceDefinition,
  options: ReturnType<typeof checkSourceOptions>,
): Source<unknown, unknown> {
  const call = (params?: unknown) => {
    const builder = dagBeingBuilt()
    const taskId = builder?.idOf(id) ?? id
    const place = { dagId: builder?.dagId ?? "", taskId }
    if (builder?.scope != null) throw nestedMapping(place, "the source", builder.scope)
    refuseReserved(params, place)
    const input = planSourceInput(params, place)
    const stream = sourceStream(input, (values) => openDefinition(taskId, definition, values))
    if (builder !== null) return addSource(builder, { taskId, input, stream, options })
    return LazyXCom.from(stream, { node: null, kind: "source" })
  }
  const withId = (newId: string) => {
    requireId(newId, "withId()")
    return makeSource(newId, definition, options)
  }
  return Object.assign(call, { taskId: id, withId })
}

// The parameters go onto the object that the stream makes afresh for each call, whose `pageSize` must stay a getter.
function openDefinition(
  taskId: string,
  definition: SourceDefinition,
  params: SourceParams,
): PagedStream<unknown> {
  const scoped = <Scope extends UnfoldContext>(scope: Scope) =>
    Object.assign(scope, "log" in scope.context ? { log: scope.context["log"] } : {}, params)
  if (typeof definition === "function")
    return generatorSource((scope) => definition(scoped(scope)), { taskId })
  const pull = (cursor: Cursor, scope: UnfoldContext) => definition.pull(cursor, scoped(scope))
  return unfoldSource({ start: definition.start, pull }, { taskId })
}

const reserved = ["cursor", "signal", "pageSize", "context", "log"]

function refuseReserved(params: unknown, place: { dagId: string; taskId: string }): void {
  const name = reserved.find((key) => typeof params === "object" && params !== null && key in params)
  if (name === undefined) return
  throw new DagDefinitionError({
    ...place,
    problem: `the source was called with a parameter "${name}", which every source is given by Sluice`,
    expected: `names other than ${reserved.join(", ")}`,
    fix: "rename the parameter",
  })
}

function requireDefinition(taskId: string, definition: unknown): SourceDefinition {
  if (typeof definition === "function") return definition as SourceDefinition
  const isUnfold =
    typeof definition === "object" &&
    definition !== null &&
    "start" in definition &&
    "pull" in definition &&
    typeof definition.pull === "function"
  if (isUnfold) return definition as SourceDefinition
  throw new DagDefinitionError({
    taskId,
    problem: `source() got ${describeValue(definition)} as its second argument`,
    expected: "an async generator function, a function that returns an AsyncIterable, or { start, pull }",
    fix: `wrap it: source("${taskId}", () => openItAnew())`,
  })
}
