import { abortable } from "../abortable.ts"
import { refuseCursor } from "../bad-cursor.ts"
import { requireParts } from "../bad-page.ts"
import { requireFunction } from "../operators/arguments.ts"
import { type Cursor, lastPage, type Page } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import type { PullScope } from "../pull-scope.ts"
import { blame, sourceName } from "../source-leaf.ts"
import type { SourceOptions } from "../source-leaf.ts"

/** What the `pull` of an unfold is called with, besides the cursor. */
export interface UnfoldContext {
  readonly signal: AbortSignal
  /** How many items the reader would like in this page. */
  readonly pageSize: number
  /** What the runner gives its sources besides. */
  readonly context: Readonly<Record<string, unknown>>
}

/** A source as a function from a cursor to the page there: nothing stays open between two pages. */
export interface Unfold<A, C extends Cursor> {
  readonly start: C
  pull(cursor: C, ctx: UnfoldContext): UnfoldedPage<A, C> | PromiseLike<UnfoldedPage<A, C>>
}

/** A page of an unfold; with `next: null` it may say where to go on when there is more one day. */
export interface UnfoldedPage<A, C extends Cursor> {
  readonly items: readonly A[]
  readonly next: C | null
  readonly resume?: C
}

/** Makes a stream of an unfold. Its cursors are the unfold's own, wrapped so that `start` may be null. */
export function unfoldSource<A, C extends Cursor>(
  unfold: Unfold<A, C>,
  options: SourceOptions = {},
): PagedStream<A> {
  requireFunction("The pull of a source", Reflect.get(unfold, "pull"))
  return {
    start: { page: unfold.start },
    async pull(cursor, scope) {
      scope.signal.throwIfAborted()
      try {
        const at = parse(cursor, sourceName(options)) as C
        const given = await abortable(askUnfold(unfold, at, scope), scope.signal)
        const read = requireParts(given, sourceName(options)) as Page<A>
        const after = (next: Cursor) => ({ page: next })
        return read.next === null
          ? lastPage(read, read.items, after)
          : { items: read.items, next: after(read.next) }
      } catch (error) {
        throw scope.signal.aborted ? error : blame(error, options)
      }
    },
    close: async () => {},
  }
}

async function askUnfold<A, C extends Cursor>(unfold: Unfold<A, C>, cursor: C, scope: PullScope) {
  const { signal, pageSize, context } = scope
  return unfold.pull(cursor, { signal, pageSize, context })
}

function parse(cursor: Cursor, source: string): Cursor {
  if (typeof cursor !== "object" || cursor === null || !("page" in cursor))
    return refuseCursor(source, cursor)
  return cursor.page
}
