import { countCursor } from "../bad-cursor.ts"
import { ItemCollector } from "../item-collector.ts"
import { OpenIterator, startIterator } from "../open-iterator.ts"
import { requireFunction } from "../operators/arguments.ts"
import type { Cursor, Page } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import type { PullScope } from "../pull-scope.ts"
import { sourceName } from "../source-leaf.ts"
import type { SourceOptions } from "../source-leaf.ts"
import { OpenSource, pullOpenSource, readItems, skipItems } from "./open-source.ts"
import type { SourceDriver } from "./open-source.ts"

/** What the function of a replay source may use when it is opened. */
export interface ReplayArgs {
  /** Aborts when the source is closed. */
  readonly signal: AbortSignal
  readonly scope: PullScope
  /** Gives what was read so far as a page now: for an iterable that knows that it has to wait. */
  readonly interrupt: () => void
}

/**
 * Makes a stream of any iterable: a Node stream, the rows of a query, an ix pipeline.
 *
 * It is re-opened by replay: `open` is called again, and as many items as were taken are read and skipped. So it
 * should give the same items each time; if it gives fewer, the stream just ends.
 */
export function replaySource<A>(
  open: (args: ReplayArgs) => AsyncIterable<A> | Iterable<A>,
  options: SourceOptions = {},
): PagedStream<A> {
  requireFunction("A replay source", open)
  const driver = replayDriver(open, options)
  const stream: PagedStream<A> = {
    start: 0,
    pull: (cursor, scope) => pullOpenSource(stream, driver, cursor, scope) as Promise<Page<A>>,
    close: (scope) => scope.release(stream),
  }
  return stream
}

function replayDriver(open: (args: ReplayArgs) => unknown, options: SourceOptions): SourceDriver {
  const name = sourceName(options)
  return {
    options,
    open(_cursor, scope) {
      const controller = new AbortController()
      const interrupt = () => source.collector?.interrupt()
      const iterator = startIterator(open({ signal: controller.signal, scope, interrupt }), name)
      const opened = new OpenIterator(iterator, controller, scope.signal)
      const source: OpenSource = new OpenSource(opened, scope.pageSize, options)
      source.collector = new ItemCollector(source.iterator, asItIs)
      return source
    },
    async read(source, cursor: Cursor, scope) {
      await skipItems(source, countCursor(name, cursor), scope, asItIs)
      const collector = source.collector ?? new ItemCollector(source.iterator, asItIs)
      return readItems(source, collector, scope, (taken) => taken)
    },
  }
}

function asItIs(value: unknown): unknown {
  return value
}
