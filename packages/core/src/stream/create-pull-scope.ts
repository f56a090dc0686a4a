import { jsonCodec } from "./item-codec.ts"
import type { ItemCodec } from "./item-codec.ts"
import type { OpenResource, PullScope } from "./pull-scope.ts"
import { requireCount } from "./operators/arguments.ts"
import type { StreamReader } from "./stream-reader.ts"

/** How many items a page should hold when nobody says otherwise. */
export const pageSizeDefault = 100

/** A scope whose page size its owner may change between two pulls; its shelves follow at once. */
export interface OwnedPullScope extends PullScope {
  pageSize: number
}

/** What a scope may be given; everything has a default. */
export interface PullScopeOptions {
  /** Aborting it closes the scope. */
  readonly signal?: AbortSignal | undefined
  readonly pageSize?: number | undefined
  readonly reader?: StreamReader | null | undefined
  /** By default items that a cursor must carry have to be JSON, and anything else is refused. */
  readonly codec?: ItemCodec | undefined
  /** Default true: in the order of the indexes. */
  readonly isOrdered?: boolean | undefined
  readonly context?: Readonly<Record<string, unknown>> | undefined
}

/**
 * Makes the scope of one reader of a stream. Whoever makes it must close it; aborting the signal closes it too.
 *
 * Pulls on one scope must not overlap.
 */
export function createPullScope(options: PullScopeOptions = {}): OwnedPullScope {
  const { signal, pageSize = pageSizeDefault, reader = null, codec = jsonCodec, context = {} } = options
  const { isOrdered = true } = options
  const settings = {
    signal: signal ?? new AbortController().signal,
    pageSize,
    reader,
    codec,
    isOrdered,
    context,
  }
  return new Shelf(settings, closeOnAbort)
}

interface Settings {
  readonly signal: AbortSignal
  pageSize: number
  readonly reader: StreamReader | null
  readonly codec: ItemCodec
  readonly isOrdered: boolean
  readonly context: Readonly<Record<string, unknown>>
}

class Shelf implements OwnedPullScope {
  readonly #settings: Settings
  readonly #resources = new Map<object, OpenResource>()
  readonly #children = new Map<string, Shelf>()
  readonly #onClose: () => void
  #closing: Promise<void> | null = null

  /** `opened` runs once, and what it returns runs when the shelf closes. */
  constructor(settings: Settings, opened: (shelf: Shelf) => () => void) {
    requireCount("pageSize", settings.pageSize, 1)
    this.#settings = settings
    this.#onClose = opened(this)
  }

  get signal(): AbortSignal {
    return this.#settings.signal
  }
  get reader(): StreamReader | null {
    return this.#settings.reader
  }
  get codec(): ItemCodec {
    return this.#settings.codec
  }
  get isOrdered(): boolean {
    return this.#settings.isOrdered
  }
  get context(): Readonly<Record<string, unknown>> {
    return this.#settings.context
  }
  get pageSize(): number {
    return this.#settings.pageSize
  }
  set pageSize(size: number) {
    requireCount("pageSize", size, 1)
    this.#settings.pageSize = size
  }

  child(key: string): PullScope {
    const open = this.#children.get(key)
    if (open !== undefined) return open
    if (this.#closing !== null) return closedShelf(this.#settings)
    const child = new Shelf(this.#settings, () => () => this.#children.delete(key))
    this.#children.set(key, child)
    return child
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the owner alone knows what it has kept
  get<R extends OpenResource>(owner: object): R | undefined {
    return this.#resources.get(owner) as R | undefined
  }

  set(owner: object, resource: OpenResource): void {
    if (this.#closing !== null) {
      resource.close().catch(ignore)
      throw this.signal.aborted ? this.signal.reason : new Error("This pull scope is closed: make a new one.")
    }
    this.#resources.set(owner, resource)
  }

  async release(owner: object): Promise<void> {
    const resource = this.#resources.get(owner)
    this.#resources.delete(owner)
    await resource?.close()
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  // All at once, so that one resource that is slow to close, or never does, does not keep the others open.
  async #closeAll(): Promise<void> {
    const open = [...this.#children.values(), ...this.#resources.values()]
    this.#resources.clear()
    const closings = open.map(async (closable) => closable.close())
    this.#onClose()
    throwFailures(await Promise.allSettled(closings))
  }
}

function closeOnAbort(shelf: Shelf): () => void {
  const close = () => {
    // Whoever closes the scope explicitly gets the same promise, and with it the error.
    shelf.close().catch(ignore)
  }
  if (shelf.signal.aborted) {
    queueMicrotask(close)
    return ignore
  }
  shelf.signal.addEventListener("abort", close, { once: true })
  return () => shelf.signal.removeEventListener("abort", close)
}

function closedShelf(settings: Settings): Shelf {
  const shelf = new Shelf(settings, () => ignore)
  shelf.close().catch(ignore)
  return shelf
}

function throwFailures(results: readonly PromiseSettledResult<void>[]): void {
  const reasons = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  )
  if (reasons.length === 1) throw reasons[0]
  if (reasons.length > 1)
    throw new AggregateError(reasons, `${reasons.length} resources of a stream failed to close`)
}

function ignore(): void {}
