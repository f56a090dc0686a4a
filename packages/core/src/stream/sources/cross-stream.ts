import { countCursor } from "../bad-cursor.ts"
import { describeValue } from "../describe-value.ts"
import type { Page } from "../page.ts"
import type { PagedStream } from "../paged-stream.ts"
import type { OpenResource, PullScope } from "../pull-scope.ts"
import { readXComList } from "./xcom-list-stream.ts"

/** The list that an unmapped task returns, as one side of a cross product. */
export class XComList<A> {
  readonly taskId: string
  /** Only a type: the items of the list. */
  declare readonly items?: readonly A[]
  constructor(taskId: string) {
    this.taskId = taskId
  }
}

/** Names the list that a task returns as one side of `crossStream`. */
export function xcomList<A>(taskId: string): XComList<A> {
  return new XComList<A>(taskId)
}

/** A list known now, or one that a task will have returned. */
export type ListProvider<A> = readonly A[] | XComList<A>

/** The items of a cross product: one value of each list. */
export type Crossed<T> = { -readonly [K in keyof T]: T[K] extends ListProvider<infer A> ? A : never }

/**
 * Makes a stream of every combination of the lists' items; the last key varies fastest, as in Airflow's `expand`.
 *
 * Combinations are computed from their index, which is also the cursor: only the lists themselves are held. One empty
 * list makes the product empty.
 */
export function crossStream<T extends Readonly<Record<string, ListProvider<unknown>>>>(
  lists: T,
): PagedStream<Crossed<T>> {
  const providers = Object.entries(lists)
  requireProviders(providers)
  const stream: PagedStream<Crossed<T>> = {
    start: 0,
    async pull(cursor, scope) {
      scope.signal.throwIfAborted()
      const from = countCursor("A cross product", cursor)
      const product = scope.get<CrossProduct>(stream) ?? (await openProduct(providers, scope))
      const page = product.slice(from, scope.pageSize)
      if (page.next === null) await scope.release(stream)
      else scope.set(stream, product)
      return page as Page<Crossed<T>>
    },
    close: (scope) => scope.release(stream),
  }
  return stream
}

async function openProduct(
  providers: readonly (readonly [string, ListProvider<unknown>])[],
  scope: PullScope,
): Promise<CrossProduct> {
  const keys: string[] = []
  const lists: (readonly unknown[])[] = []
  for (const [key, provider] of providers) {
    keys.push(key)
    lists.push(provider instanceof XComList ? await readXComList(provider.taskId, scope) : provider)
  }
  return new CrossProduct(keys, lists)
}

class CrossProduct implements OpenResource {
  readonly #keys: readonly string[]
  readonly #lists: readonly (readonly unknown[])[]
  readonly #total: number

  constructor(keys: readonly string[], lists: readonly (readonly unknown[])[]) {
    this.#keys = keys
    this.#lists = lists
    this.#total = lists.reduce((total, list) => total * list.length, 1)
    if (!Number.isSafeInteger(this.#total)) {
      throw new RangeError(`A cross product of ${this.#total} combinations is too large to count exactly.`)
    }
  }

  slice(from: number, limit: number): Page<Record<string, unknown>> {
    const to = Math.min(from + limit, this.#total)
    const items: Record<string, unknown>[] = []
    for (let index = from; index < to; index++) items.push(this.#at(index))
    return { items, next: to < this.#total ? to : null }
  }

  #at(index: number): Record<string, unknown> {
    const values: unknown[] = []
    let rest = index
    for (const list of this.#lists.toReversed()) {
      values.push(list[rest % list.length])
      rest = Math.floor(rest / list.length)
    }
    values.reverse()
    return Object.fromEntries(this.#keys.map((key, side) => [key, values[side]]))
  }

  async close(): Promise<void> {}
}

function requireProviders(providers: readonly (readonly [string, unknown])[]): void {
  if (providers.length === 0) throw new RangeError("A cross product needs at least one list, and got none.")
  for (const [key, provider] of providers) {
    if (Array.isArray(provider) || provider instanceof XComList) continue
    throw new TypeError(
      `A cross product takes lists, and ${key} is ${describeValue(provider)}: give an array or what a task returns.`,
    )
  }
}
