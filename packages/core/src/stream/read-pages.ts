import { pause } from "./abortable.ts"
import { createPullScope } from "./create-pull-scope.ts"
import type { PullScopeOptions } from "./create-pull-scope.ts"
import type { Cursor, Page } from "./page.ts"
import type { PagedStream } from "./paged-stream.ts"
import type { PullScope } from "./pull-scope.ts"

/** How long a reader waits before it asks a `waiting` stream again, at first and at most. */
export const waitingPauseMs = { first: 20, max: 1_000 } as const

/** How a stream is read outside the engine. */
export interface ReadOptions extends Omit<PullScopeOptions, "signal"> {
  /** Aborting it, or any of them, closes the stream. */
  readonly signal?: AbortSignal | readonly AbortSignal[] | undefined
  /** Where to start; without it, at the stream's beginning. */
  readonly cursor?: Cursor | undefined
  /** Called when the stream has nothing now and the reader begins to wait. */
  readonly onWaiting?: (() => void) | undefined
}

/**
 * Reads a stream page by page, and closes it at the end, on an early stop, on an error, and on abort.
 *
 * Pages without items are given too, since their cursor has moved on; a `waiting` one is not: the reader waits and
 * asks again. `return()` during a pull aborts that pull.
 */
export function readPages<A>(
  stream: PagedStream<A>,
  options: ReadOptions = {},
): AsyncIterableIterator<Page<A>> {
  return new PageIterator(stream, options)
}

class PageIterator<A> implements AsyncIterableIterator<Page<A>> {
  readonly #controller = new AbortController()
  readonly #pages: AsyncGenerator<Page<A>, undefined>
  #pulling = 0
  #isStopped = false
  readonly #signals: readonly AbortSignal[]
  #unlink: (() => void) | null = null

  constructor(stream: PagedStream<A>, options: ReadOptions) {
    this.#signals = [options.signal ?? []].flat()
    this.#pages = pullAll(stream, options, this.#controller.signal)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Page<A>, undefined>> {
    this.#unlink ??= follow(this.#signals, this.#controller)
    this.#pulling++
    try {
      const result = await this.#pages.next()
      if (result.done === true) this.#unlink?.()
      return result
    } catch (error) {
      this.#unlink?.()
      if (this.#isStopped) return { done: true, value: undefined }
      throw error
    } finally {
      this.#pulling--
    }
  }

  async return(): Promise<IteratorResult<Page<A>, undefined>> {
    this.#isStopped = true
    this.#unlink?.()
    if (this.#pulling > 0) this.#controller.abort()
    await this.#pages.return(undefined)
    return { done: true, value: undefined }
  }
}

async function* pullAll<A>(
  stream: PagedStream<A>,
  options: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<Page<A>, undefined> {
  signal.throwIfAborted()
  const scope = createPullScope({ ...options, signal })
  let hasFailed = false
  try {
    yield* pullFrom(stream, options, scope)
  } catch (error) {
    hasFailed = true
    throw error
  } finally {
    // What went wrong first is what the reader should see.
    await (hasFailed ? scope.close().catch(ignore) : scope.close())
  }
  return undefined
}

async function* pullFrom<A>(
  stream: PagedStream<A>,
  options: ReadOptions,
  scope: PullScope,
): AsyncGenerator<Page<A>> {
  let cursor: Cursor | null = options.cursor === undefined ? stream.start : options.cursor
  let pauseMs: number = waitingPauseMs.first
  while (true) {
    const page: Page<A> = await stream.pull(cursor, scope)
    if (page.waiting !== true) {
      pauseMs = waitingPauseMs.first
      yield page
    } else {
      options.onWaiting?.()
      await pause(pauseMs, scope.signal)
      pauseMs = Math.min(pauseMs * 2, waitingPauseMs.max)
    }
    scope.signal.throwIfAborted()
    if (page.next === null) return
    cursor = page.next
  }
}

// Aborts the controller with the first of the signals, and gives what takes the listeners off again.
function follow(signals: readonly AbortSignal[], controller: AbortController): () => void {
  const abort = (event: Event) => controller.abort((event.target as AbortSignal).reason)
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason)
    else signal.addEventListener("abort", abort, { once: true })
  }
  return () => {
    for (const signal of signals) signal.removeEventListener("abort", abort)
  }
}

function ignore(): void {}
