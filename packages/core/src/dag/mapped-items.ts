import { describeValue } from "../stream/describe-value.ts"
import { LazyXCom, type StreamLeaf } from "../stream/lazy-xcom.ts"
import { crossStream, xcomList, type ListProvider } from "../stream/sources/cross-stream.ts"
import { listStream } from "../stream/sources/list-stream.ts"
import { replaySource } from "../stream/sources/replay-source.ts"
import { xcomListStream } from "../stream/sources/xcom-list-stream.ts"
import { requireOwnNode, type DagBuilder } from "./dag-builder.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { isPlainObject, requireOwnStream, type InputPlace } from "./input-plan.ts"
import { refuseNestedXComs } from "./nested-xcom.ts"
import { addSource } from "./source-node.ts"
import { XCom } from "./xcom.ts"

/** Makes the stream that `iterate` was given: a stream, any re-iterable async iterable, or an object of them, zipped. */
export function iteratedItems(given: unknown, taskId: string, builder: DagBuilder): LazyXCom<unknown> {
  const place = { dagId: builder.dagId, taskId }
  const toStream = (value: unknown, key: string | null) => {
    if (value instanceof LazyXCom) {
      requireOwnStream(value, `task "${taskId}"`)
      return value
    }
    if (!isAsyncIterable(value)) throw notIterable(value, key, place)
    const sourceId = key === null ? `${taskId}_source` : `${taskId}_${key}_source`
    refuseOneShot(value, sourceId, place)
    return addSource(builder, {
      taskId: sourceId,
      input: { whole: null, fields: null },
      stream: replaySource(() => value, { taskId: sourceId }),
      options: { task: {}, map: {} },
    })
  }
  if (!isPlainObject(given) || isAsyncIterable(given)) return toStream(given, null)
  const streams = Object.entries(given).map(([key, value]) => [key, toStream(value, key)] as const)
  const [first, ...others] = streams
  if (first === undefined) throw notIterable(given, null, place)
  const [key, only] = first
  return others.length === 0
    ? only.map((item) => ({ [key]: item }))
    : LazyXCom.zip(Object.fromEntries(streams))
}

/** Makes the stream that `expand` was given: a list, the XCom of one, or an object of them, crossed. */
export function expandedItems(given: unknown, place: InputPlace): LazyXCom<unknown> {
  if (Array.isArray(given)) {
    refuseNestedXComs(given, "expand()", place)
    return LazyXCom.from(listStream<unknown>([...given]), { node: null, kind: "list" })
  }
  const node = XCom.nodeOf(given)
  if (node !== undefined) {
    requireOwnNode(node, `task "${place.taskId}"`)
    return LazyXCom.from(xcomListStream<unknown>(node.taskId), { node, kind: "xcom" })
  }
  if (isPlainObject(given) && Object.keys(given).length > 0) return crossedItems(given, place)
  throw notExpandable(given, null, place)
}

function crossedItems(given: Readonly<Record<string, unknown>>, place: InputPlace): LazyXCom<unknown> {
  const lists: Record<string, ListProvider<unknown>> = {}
  for (const [key, value] of Object.entries(given)) lists[key] = listProvider(value, key, place)
  const leaves: StreamLeaf[] = Object.values(given).map((value) => {
    const node = XCom.nodeOf(value)
    return node === undefined ? { node: null, kind: "list" } : { node, kind: "xcom" }
  })
  return new LazyXCom<unknown>({ stream: crossStream(lists), leaves })
}

function listProvider(value: unknown, key: string, place: InputPlace): ListProvider<unknown> {
  if (Array.isArray(value)) {
    refuseNestedXComs(value, key, place)
    return [...value]
  }
  const node = XCom.nodeOf(value)
  if (node === undefined) throw notExpandable(value, key, place)
  requireOwnNode(node, `task "${place.taskId}"`)
  return xcomList(node.taskId)
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value
}

/**
 * Refuses what can be read only once, since a source is re-opened after a failure: a generator object, and Node and
 * web streams. Only iterators are asked for their iterator, because asking a stream may lock it.
 */
function refuseOneShot(value: AsyncIterable<unknown>, sourceId: string, place: InputPlace): void {
  const has = (name: string) => typeof Reflect.get(value, name) === "function"
  const isStream = has("getReader") || (has("pipe") && has("read"))
  if (!isStream && !(has("next") && Object.is(value[Symbol.asyncIterator](), value))) return
  throw new DagDefinitionError({
    ...place,
    problem: `iterate() got ${describeValue(value)}, which can be read only once`,
    expected: "something that can be opened again where it was left",
    fix: `wrap it: source("${sourceId}", () => openItAnew())`,
  })
}

function notIterable(value: unknown, key: string | null, place: InputPlace): DagDefinitionError {
  const isList = Array.isArray(value) || XCom.nodeOf(value) !== undefined
  const fix = isList
    ? "map over a list with expand()"
    : typeof value === "function"
      ? "call the source or the task, and pass on what it returns"
      : 'make a source of it: source("id", async function* () { ... })'
  return new DagDefinitionError({
    ...place,
    problem: `iterate() got ${describeValue(value)}${key === null ? "" : ` as "${key}"`}`,
    expected: "a stream: what a source or a mapped task returns, or another AsyncIterable",
    fix,
  })
}

function notExpandable(value: unknown, key: string | null, place: InputPlace): DagDefinitionError {
  return new DagDefinitionError({
    ...place,
    problem: `expand() got ${describeValue(value)}${key === null ? "" : ` as "${key}"`}`,
    expected: "a list, or the XCom of a task that returns one",
    ...(isAsyncIterable(value) ? { fix: "map over a stream with iterate()" } : {}),
  })
}
