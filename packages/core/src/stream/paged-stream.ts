import type { Cursor, Page } from "./page.ts"
import type { PullScope } from "./pull-scope.ts"

/**
 * A stream that can be left after any page and re-opened there, in another process, months later.
 *
 * `pull` reads one page and no more. It pulls each of its inputs at most once, so a page may come out empty while
 * its cursor moves on; the caller decides whether to ask again. What is open between two pulls (a generator, a
 * connection) lives in the scope under this stream's key and is closed by `close`, exactly once.
 *
 * At run time an item may be a `Gap`; an operator passes it on untouched.
 */
export interface PagedStream<A> {
  /** Where the stream begins; never null, since null is what follows the last page. */
  readonly start: Cursor
  pull(cursor: Cursor, scope: PullScope): Promise<Page<A>>
  /** Closes what this stream and its inputs hold open in the scope. Safe to call again. */
  close(scope: PullScope): Promise<void>
}
