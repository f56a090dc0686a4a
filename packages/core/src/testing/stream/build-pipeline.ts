import type { AsyncIterableX } from "ix/asynciterable/asynciterablex"
import { map as ixMap } from "ix/asynciterable/operators/map"
import { isGap } from "../../stream/gap.ts"
import { LazyXCom } from "../../stream/lazy-xcom.ts"
import { chunk } from "../../stream/operators/chunk.ts"
import { concat } from "../../stream/operators/concat.ts"
import { drop } from "../../stream/operators/drop.ts"
import { enumerate } from "../../stream/operators/enumerate.ts"
import { filter } from "../../stream/operators/filter.ts"
import { flatMap } from "../../stream/operators/flat-map.ts"
import type { Expandable } from "../../stream/operators/flat-map.ts"
import { map } from "../../stream/operators/map.ts"
import { takeWhile } from "../../stream/operators/take-while.ts"
import { take } from "../../stream/operators/take.ts"
import { zip } from "../../stream/operators/zip.ts"
import type { PagedStream } from "../../stream/paged-stream.ts"
import { crossStream, xcomList } from "../../stream/sources/cross-stream.ts"
import { generatorSource } from "../../stream/sources/generator-source.ts"
import { listStream } from "../../stream/sources/list-stream.ts"
import { pipedStream } from "../../stream/sources/piped-stream.ts"
import { replaySource } from "../../stream/sources/replay-source.ts"
import { resultStream } from "../../stream/sources/result-stream.ts"
import { xcomListStream } from "../../stream/sources/xcom-list-stream.ts"
import type { StreamReader } from "../../stream/stream-reader.ts"
import { countedGenerator, countedItems, countedIterable, countedUnfold } from "./counted-sources.ts"
import type { CountedSource } from "./counted-sources.ts"
import { goesOn, isKept, mapped, spread, textOf } from "./pipeline-functions.ts"
import { crossLists, sourcePages } from "./pipeline-model.ts"
import type { ItemStyle } from "./pipeline-model.ts"
import type { CrossSpec, PipelineSpec, SourceSpec, UnarySpec } from "./pipeline-spec.ts"
import type { SourceLedger } from "./source-ledger.ts"

/** What the sources of a pipeline read from and write into. */
export interface Surroundings {
  readonly ledger: SourceLedger
  readonly style: ItemStyle
  readonly upstream: FakeUpstream
}

/** Builds the streams of a spec, each time anew; `path` names the place in the spec. */
export function buildPipeline(spec: PipelineSpec, path: string, around: Surroundings): PagedStream<unknown> {
  switch (spec.op) {
    case "source":
      return buildSource(spec, path, around)
    case "cross":
      return buildCross(spec, path, around)
    case "zip":
      return zip(spec.of.map((part, side) => buildPipeline(part, `${path}.${side}`, around)))
    case "zipObject":
      return zip(
        Object.fromEntries(
          spec.of.map((part, side) => [`side${side}`, buildPipeline(part, `${path}.${side}`, around)]),
        ),
      )
    case "concat":
      return concat(...spec.of.map((part, turn) => buildPipeline(part, `${path}.${turn}`, around)))
    default:
      return buildUnary(spec, path, around)
  }
}

function buildSource(spec: SourceSpec, path: string, around: Surroundings): PagedStream<unknown> {
  const pages = sourcePages(spec, path, around.style)
  const { hasFalseEnd, failsAt } = spec
  const source: CountedSource = { key: path, pages, hasFalseEnd, failsAt, ledger: around.ledger }
  switch (spec.form) {
    case "generator":
      return countedGenerator(source)
    case "unfold":
      return countedUnfold(source)
    case "bare":
      return generatorSource(() => countedItems(source), { taskId: path })
    case "iterable":
      return replaySource(() => countedIterable(source), { taskId: path })
    case "piped":
      return pipedStream(countedGenerator(source), (items: AsyncIterableX<unknown>) =>
        items.pipe(ixMap((item) => item)),
      )
    case "list":
      return listStream(pages.flat())
    case "result":
      around.upstream.offer(path, pages.flat())
      return resultStream(path)
    default:
      around.upstream.offer(
        path,
        pages.flat().filter((item) => !isGap(item)),
      )
      return xcomListStream(path)
  }
}

function buildCross(spec: CrossSpec, path: string, around: Surroundings): PagedStream<unknown> {
  const lists = Object.entries(crossLists(spec, path, around.style))
  return crossStream(
    Object.fromEntries(
      lists.map(([key, list], side) => {
        if (!spec.hasXCom || side > 0) return [key, list]
        around.upstream.offer(`${path}.${key}`, list)
        return [key, xcomList(`${path}.${key}`)]
      }),
    ),
  )
}

function buildUnary(spec: UnarySpec, path: string, around: Surroundings): PagedStream<unknown> {
  const source = buildPipeline(spec.of, `${path}.0`, around)
  const later = <A, B>(fn: (item: A) => B): ((item: A) => B | Promise<B>) =>
    spec.isAsync ? async (item) => fn(item) : fn
  switch (spec.op) {
    case "map":
      return map(source, later(mapped))
    case "filter":
      return filter(
        source,
        later((item: unknown) => isKept(spec, item)),
      )
    case "take":
      return take(source, spec.count)
    case "drop":
      return drop(source, spec.count)
    case "takeWhile":
      return takeWhile(
        source,
        later((item: unknown) => goesOn(spec, item)),
      )
    case "chunk":
      return chunk(source, spec.count + 1)
    case "enumerate":
      return enumerate(source)
    case "flatMap":
      return flatMap(
        source,
        later((item: unknown) => innerOf(spec, path, item, around)),
      )
    default:
      return map(
        source,
        later((item: unknown) => {
          if (textOf(item).length % 3 === 0) around.ledger.failOnce(path)
          return item
        }),
      )
  }
}

function innerOf(spec: UnarySpec, path: string, item: unknown, around: Surroundings): Expandable<unknown> {
  const items = spread(spec, item)
  const key = `${path}/${textOf(item)}`
  const pages = [items.slice(0, 2), items.slice(2, 3), items.slice(3)]
  const source: CountedSource = { key, pages, hasFalseEnd: false, failsAt: 1, ledger: around.ledger }
  switch (spec.inner) {
    case "array":
      return items
    case "iterable":
      return new Set(items)
    case "asyncIterable":
      return countedIterable(source)
    case "stream":
      return countedGenerator(source)
    default:
      return LazyXCom.from(countedGenerator(source), { node: null, kind: "source" })
  }
}

/** What other tasks of a run have left. Their results come into being while they are read. */
export class FakeUpstream implements StreamReader {
  readonly #items = new Map<string, readonly unknown[]>()
  readonly #ready = new Map<string, number>()

  /** Says what a task will have left in the end. */
  offer(taskId: string, items: readonly unknown[]): void {
    this.#items.set(taskId, items)
  }

  async readStream({ taskId, fromIndex, limit }: { taskId: string; fromIndex: number; limit: number }) {
    const all = this.#items.get(taskId) ?? []
    const ready = this.#ready.get(taskId) ?? 0
    this.#ready.set(taskId, Math.min(all.length, Math.max(ready, fromIndex) + 3))
    const items = all.slice(fromIndex, Math.min(ready, fromIndex + limit))
    const nextIndex = fromIndex + items.length
    return { items, nextIndex, exhausted: nextIndex === all.length && ready === all.length }
  }

  async readXCom({ taskId }: { taskId: string }): Promise<unknown> {
    return this.#items.get(taskId)
  }
}
