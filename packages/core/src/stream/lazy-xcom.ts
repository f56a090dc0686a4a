import { AsyncIterableX } from "ix/asynciterable/asynciterablex"
import type { AsyncIterableInput } from "ix/asynciterable/asynciterablex"
import type { OperatorAsyncFunction, UnaryFunction } from "ix/interfaces"
import type { PullScopeOptions } from "./create-pull-scope.ts"
import { describeValue } from "./describe-value.ts"
import { isPagedStream } from "./operators/arguments.ts"
import { chunk } from "./operators/chunk.ts"
import { concat } from "./operators/concat.ts"
import { drop } from "./operators/drop.ts"
import { enumerate } from "./operators/enumerate.ts"
import { filter } from "./operators/filter.ts"
import { flatMap } from "./operators/flat-map.ts"
import type { Expandable } from "./operators/flat-map.ts"
import { map } from "./operators/map.ts"
import { takeWhile } from "./operators/take-while.ts"
import { take } from "./operators/take.ts"
import { zip } from "./operators/zip.ts"
import type { Page } from "./page.ts"
import type { PagedStream } from "./paged-stream.ts"
import { readItems } from "./read-items.ts"
import { readPages } from "./read-pages.ts"
import type { ReadOptions } from "./read-pages.ts"
import { listStream } from "./sources/list-stream.ts"
import { pipedStream } from "./sources/piped-stream.ts"
import { stepStream } from "./sources/step-stream.ts"

/** What a lazy XCom reads in the end. `node` is the task of the DAG that leaves it, known to the `dag` module alone. */
export interface StreamLeaf {
  readonly node: object | null
  readonly kind: "source" | "result" | "xcom" | "list"
}

/** What may stand beside a lazy XCom in `zip` and `concat`: another one, or a list. */
export type LazyInput<A> = LazyXCom<A> | readonly A[]

/** The items of such an input. */
export type LazyItem<T> = T extends LazyInput<infer A> ? A : never

/** One item of each input, in a tuple or an object of the same shape. */
export type ZippedItems<T> = { -readonly [K in keyof T]: LazyItem<T[K]> }

const ixPipe = Reflect.get(AsyncIterableX.prototype, "pipe") as (...operators: unknown[]) => unknown

const unbound: PullScopeOptions = {}

const lazyBrand: unique symbol = Symbol.for("sluice.lazy-xcom") as never

/**
 * A stream of items that a task leaves for others, before anything of it is read.
 *
 * Every operator gives a new one and reads nothing; each iteration starts anew. It is an ix `AsyncIterableX`, so
 * `for await` and every ix operator work on it too.
 */
export class LazyXCom<A> extends AsyncIterableX<A> {
  /** The stream itself, as the engine pulls it. */
  readonly stream: PagedStream<A>
  /** What the stream reads: one for each time it is read. */
  readonly leaves: readonly StreamLeaf[]
  /** The names of the operators between leaves and reader, in pipeline order. */
  readonly operators: readonly string[]
  readonly #binding: PullScopeOptions

  constructor(options: {
    readonly stream: PagedStream<A>
    readonly leaves: readonly StreamLeaf[]
    readonly operators?: readonly string[]
    /** How it is read when nobody says otherwise; `bind` sets it. */
    readonly binding?: PullScopeOptions
  }) {
    super()
    this.stream = options.stream
    this.leaves = options.leaves
    this.operators = options.operators ?? []
    this.#binding = options.binding ?? unbound
  }

  // The inherited check is true of every ix iterable.
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && lazyBrand in value
  }

  get [lazyBrand](): true {
    return true
  }

  /** Gives what `fn` makes of each item. An async `fn` runs for one item at a time, in order. */
  map<B>(fn: (item: A) => B | PromiseLike<B>): LazyXCom<B> {
    return this.#then("map", map(this.stream, fn))
  }

  /** Keeps the items that the predicate holds for. */
  filter<B extends A>(predicate: (item: A) => item is B): LazyXCom<B>
  filter(predicate: (item: A) => unknown): LazyXCom<A>
  filter(predicate: (item: A) => unknown): LazyXCom<A> {
    return this.#then("filter", filter(this.stream, predicate))
  }

  /** Gives the items of the list, iterable or stream that `fn` makes of each item, one after the other. */
  flatMap<B>(fn: (item: A) => Expandable<B> | PromiseLike<Expandable<B>>): LazyXCom<B> {
    return this.#then("flatMap", flatMap(this.stream, fn))
  }

  /** Gives the first items, and closes the source as soon as it has them. */
  take(count: number): LazyXCom<A> {
    return this.#then("take", take(this.stream, count))
  }

  /** Gives the items before the first that the predicate does not hold for, and closes the source there. */
  takeWhile<B extends A>(predicate: (item: A) => item is B): LazyXCom<B>
  takeWhile(predicate: (item: A) => unknown): LazyXCom<A>
  takeWhile(predicate: (item: A) => unknown): LazyXCom<A> {
    return this.#then("takeWhile", takeWhile(this.stream, predicate))
  }

  /** Leaves out the first items. */
  drop(count: number): LazyXCom<A> {
    return this.#then("drop", drop(this.stream, count))
  }

  /** Gives the items in arrays of `size`; the last may be shorter. */
  chunk(size: number): LazyXCom<A[]> {
    return this.#then("chunk", chunk(this.stream, size))
  }

  /** Gives each item with its index, from 0. */
  enumerate(): LazyXCom<[index: number, item: A]> {
    return this.#then("enumerate", enumerate(this.stream))
  }

  /** Gives its own items, then those of the others in turn. */
  concat<const T extends readonly LazyInput<unknown>[]>(...others: T): LazyXCom<A | LazyItem<T[number]>> {
    const inputs = [this, ...others].map((input) => asLazy("concat", input))
    const stream = concat(...inputs.map((input) => input.stream)) as PagedStream<A | LazyItem<T[number]>>
    return LazyXCom.#join("concat", inputs, stream)
  }

  /** Gives its items together with those of the others, one of each; ends with the shortest. */
  zip<const T extends readonly LazyInput<unknown>[]>(...others: T): LazyXCom<[A, ...ZippedItems<T>]> {
    const inputs = [this, ...others].map((input) => asLazy("zip", input))
    const stream = zip(inputs.map((input) => input.stream)) as PagedStream<unknown>
    return LazyXCom.#join("zip", inputs, stream as PagedStream<[A, ...ZippedItems<T>]>)
  }

  /**
   * Applies ix operators. The result is a lazy XCom again, but one that is re-opened by replay: ix operators keep no
   * cursor, so after an interruption everything before them is read again from its beginning.
   */
  override pipe(): LazyXCom<A>
  override pipe<B>(op1: OperatorAsyncFunction<A, B>): LazyXCom<B>
  override pipe<B, C>(op1: OperatorAsyncFunction<A, B>, op2: OperatorAsyncFunction<B, C>): LazyXCom<C>
  override pipe<B, C, D>(
    op1: OperatorAsyncFunction<A, B>,
    op2: OperatorAsyncFunction<B, C>,
    op3: OperatorAsyncFunction<C, D>,
  ): LazyXCom<D>
  override pipe<B, C, D, E>(
    op1: OperatorAsyncFunction<A, B>,
    op2: OperatorAsyncFunction<B, C>,
    op3: OperatorAsyncFunction<C, D>,
    op4: OperatorAsyncFunction<D, E>,
  ): LazyXCom<E>
  override pipe<B, C, D, E, F>(
    op1: OperatorAsyncFunction<A, B>,
    op2: OperatorAsyncFunction<B, C>,
    op3: OperatorAsyncFunction<C, D>,
    op4: OperatorAsyncFunction<D, E>,
    op5: OperatorAsyncFunction<E, F>,
  ): LazyXCom<F>
  override pipe<W extends NodeJS.WritableStream>(writable: W, options?: { end?: boolean }): W
  override pipe<R>(...operators: UnaryFunction<AsyncIterable<A>, R>[]): R
  override pipe(...operators: unknown[]): unknown {
    const piped = pipeThrough(this, operators)
    if (!isAsyncIterable(piped)) return piped
    const stream = pipedStream(
      this.stream,
      (items) => pipeThrough(items, operators) as AsyncIterable<unknown>,
    )
    return this.#then("pipe", stream)
  }

  /**
   * Reads page by page: `{ items, next }`, where `next` is the cursor to go on from, in another process if need be.
   *
   * Closes the stream at the end, on an early stop, on an error and on abort. A page may be empty, and may hold gaps.
   */
  pages(options: ReadOptions = {}): AsyncIterableIterator<Page<A>> {
    return readPages(this.stream, { ...this.#binding, ...options })
  }

  /** Reads item by item, without gaps. */
  [Symbol.asyncIterator](signal?: AbortSignal): AsyncIterableIterator<A> {
    const signals = [this.#binding.signal, signal].filter((each) => each !== undefined)
    return readItems(this.stream, { ...this.#binding, signal: signals })
  }

  #then<B>(operator: string, stream: PagedStream<B>): LazyXCom<B> {
    const operators = [...this.operators, operator]
    return new LazyXCom({ stream, leaves: this.leaves, operators, binding: this.#binding })
  }

  /** Makes a lazy XCom of a stream and what it reads. Of anything else it makes what ix makes, as the base class does. */
  static override from<A>(stream: PagedStream<A>, leaf: StreamLeaf | readonly StreamLeaf[]): LazyXCom<A>
  static override from<A, B = A>(
    source: AsyncIterableInput<A>,
    selector?: (value: A, index: number) => B | Promise<B>,
    thisArg?: unknown,
  ): AsyncIterableX<B>
  static override from(source: unknown, leaf: unknown, thisArg?: unknown): AsyncIterableX<unknown> {
    if (isPagedStream(source)) return new LazyXCom({ stream: source, leaves: [leaf].flat() as StreamLeaf[] })
    return super.from(source as AsyncIterable<unknown>, leaf as (value: unknown) => unknown, thisArg)
  }

  /** Gives one item of each input at a time: in an object with the inputs' keys, or in a tuple. */
  static zip<const T extends readonly LazyInput<unknown>[]>(inputs: T): LazyXCom<ZippedItems<T>>
  static zip<T extends Readonly<Record<string, LazyInput<unknown>>>>(inputs: T): LazyXCom<ZippedItems<T>>
  static zip(
    inputs: readonly LazyInput<unknown>[] | Readonly<Record<string, LazyInput<unknown>>>,
  ): LazyXCom<unknown> {
    const lazies = Object.entries(inputs).map(([key, input]) => [key, asLazy("zip", input)] as const)
    const streams = lazies.map(([key, lazy]) => [key, lazy.stream] as const)
    const stream: PagedStream<unknown> = Array.isArray(inputs)
      ? zip(streams.map(([, each]) => each))
      : zip(Object.fromEntries(streams))
    return LazyXCom.#join(
      "zip",
      lazies.map(([, lazy]) => lazy),
      stream,
    )
  }

  /** Gives what `combine` makes of one item, or gap, of each input at a time. */
  static zipWith(
    inputs: readonly LazyXCom<unknown>[],
    combine: (values: unknown[]) => unknown,
  ): LazyXCom<unknown> {
    const streams = inputs.map((input) => input.stream)
    return LazyXCom.#join("zip", inputs, zip(streams, combine))
  }

  /** As `zipWith`, of stored streams of which there is never more than one item to be had: its cursor is the next index. */
  static inStep(
    inputs: readonly LazyXCom<unknown>[],
    combine: (values: unknown[]) => unknown,
  ): LazyXCom<unknown> {
    const streams = inputs.map((input) => input.stream)
    return LazyXCom.#join(inputs.length === 1 ? "map" : "zip", inputs, stepStream(streams, combine))
  }

  /** Gives the items of the first input, then those of the second, and so on. */
  static concat<const T extends readonly LazyInput<unknown>[]>(...inputs: T): LazyXCom<LazyItem<T[number]>> {
    const lazies = inputs.map((input) => asLazy("concat", input))
    const stream = concat(...lazies.map((lazy) => lazy.stream)) as PagedStream<LazyItem<T[number]>>
    return LazyXCom.#join("concat", lazies, stream)
  }

  // Read as the first of the inputs that is bound at all: within one task all are bound alike.
  static #join<B>(
    operator: string,
    inputs: readonly LazyXCom<unknown>[],
    stream: PagedStream<B>,
  ): LazyXCom<B> {
    const leaves = inputs.flatMap((input) => input.leaves)
    const operators = [...inputs.flatMap((input) => input.operators), operator]
    const bound = inputs.find((input) => input.#binding !== unbound)
    return new LazyXCom({
      stream,
      leaves,
      operators,
      binding: bound === undefined ? unbound : bound.#binding,
    })
  }
}

/** Says whether a value is a lazy XCom, made by any copy of this module. */
export function isLazyXCom(value: unknown): value is LazyXCom<unknown> {
  return value instanceof LazyXCom
}

/**
 * Gives the same lazy XCom, read with these options when it is iterated: a reader of the run's results, a signal, a
 * page size. What is derived from it by operators is read with them too.
 */
export function bind<A>(lazy: LazyXCom<A>, binding: PullScopeOptions): LazyXCom<A> {
  const { stream, leaves, operators } = lazy
  return new LazyXCom({ stream, leaves, operators, binding })
}

function asLazy(operator: string, input: unknown): LazyXCom<unknown> {
  if (isLazyXCom(input)) return input
  if (Array.isArray(input)) return LazyXCom.from(listStream(input), { node: null, kind: "list" })
  throw new TypeError(`${operator} takes lazy XComs and lists, and got ${describeValue(input)}.`)
}

function pipeThrough(items: AsyncIterableX<unknown>, operators: readonly unknown[]): unknown {
  return Reflect.apply(ixPipe, items, operators)
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value
}
