import { countCursor } from "../bad-cursor.ts"
import { describeValue } from "../describe-value.ts"
import type { PagedStream } from "../paged-stream.ts"
import type { OpenResource, PullScope } from "../pull-scope.ts"
import { requireReader } from "../require-reader.ts"
import { sliceOf } from "./list-stream.ts"

/** A task was mapped over the XCom of another, and it is not a list. No retry can mend it. */
export class UnmappableXCom extends Error {
  override readonly name = "UnmappableXCom"
  readonly retryable = false
}

/** Makes a stream of the list that an unmapped task returned. The list is read once for each open scope. */
export function xcomListStream<A>(taskId: string): PagedStream<A> {
  const stream: PagedStream<A> = {
    start: 0,
    async pull(cursor, scope) {
      scope.signal.throwIfAborted()
      const from = countCursor(`The list of task "${taskId}"`, cursor)
      const open = scope.get<HeldList>(stream) ?? new HeldList(await readXComList(taskId, scope))
      const page = sliceOf(open.items, from, scope.pageSize)
      if (page.next === null) await scope.release(stream)
      else scope.set(stream, open)
      return page as { items: readonly A[]; next: number | null }
    },
    close: (scope) => scope.release(stream),
  }
  return stream
}

/** Reads the list that a task of the run returned, or throws `UnmappableXCom`. */
export async function readXComList(taskId: string, scope: PullScope): Promise<readonly unknown[]> {
  const reader = requireReader(scope, taskId)
  const value = await reader.readXCom({ taskId, signal: scope.signal })
  if (Array.isArray(value)) return value
  throw new UnmappableXCom(
    `Task "${taskId}" returned ${describeValue(value)} where expand(...) needs an array: ` +
      `return an array from it, or map over a source instead.`,
  )
}

class HeldList implements OpenResource {
  readonly items: readonly unknown[]
  constructor(items: readonly unknown[]) {
    this.items = items
  }
  async close(): Promise<void> {}
}
