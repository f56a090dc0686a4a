import type { ItemCodec } from "./item-codec.ts"
import type { StreamReader } from "./stream-reader.ts"

/**
 * What one reader of a stream holds between two pulls: its abort signal, how many items it would like, and the
 * resources that the stream's sources keep open.
 *
 * `child(key)` gives an operator with several inputs a separate shelf for each, so that one stream used twice in a
 * pipeline keeps two cursors. `close()` closes everything, children included, each exactly once.
 */
export interface PullScope {
  readonly signal: AbortSignal
  /** How many items the caller would like in the page. Sources may return fewer or more. */
  readonly pageSize: number
  /** Reads what other tasks of the run have left; absent when a stream is read outside a run. */
  readonly reader: StreamReader | null
  /** Turns the items that a cursor carries into JSON and back. */
  readonly codec: ItemCodec
  /** False: the results of other tasks are read page by page as they are completed, not in the order of their indexes. */
  readonly isOrdered: boolean
  /** What the runner gives its sources besides: handed to them as `context`, unread. */
  readonly context: Readonly<Record<string, unknown>>
  /** The shelf of one input. A closed shelf is replaced by a fresh one the next time it is asked for. */
  child(key: string): PullScope
  /** The open resource of `owner` on this shelf, if any. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the owner alone knows what it has kept
  get<R extends OpenResource>(owner: object): R | undefined
  /** Keeps a resource. On a closed scope it is closed at once and this throws: the abort reason, if there is one. */
  set(owner: object, resource: OpenResource): void
  /** Closes and forgets the resource of `owner`. */
  release(owner: object): Promise<void>
  close(): Promise<void>
}

/** Something that a source keeps open between pulls. */
export interface OpenResource {
  close(): Promise<void>
}
