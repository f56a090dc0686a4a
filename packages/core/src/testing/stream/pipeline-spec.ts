import { fc } from "@fast-check/vitest"
import type { Gap } from "../../stream/gap.ts"

/** A pipeline as data: it can be built as streams, again and again, and be computed with plain arrays. */
export type PipelineSpec = SourceSpec | CrossSpec | UnarySpec | JoinSpec

/** How a source is written. `bare`, `iterable` and `piped` are re-opened by replay; the others keep their cursor. */
export type SourceForm = "generator" | "unfold" | "bare" | "iterable" | "piped" | "list" | "result" | "xcom"

/** A source of numbered items, some of them gaps, in pages of any length. */
export interface SourceSpec {
  readonly op: "source"
  readonly form: SourceForm
  readonly pages: readonly (readonly PlaceSpec[])[]
  /** Whether the last page claims that more follows. */
  readonly hasFalseEnd: boolean
  /** The page before which the source throws once, if failures are asked for. */
  readonly failsAt: number
}

/** Whether a place of a source holds an item or a gap. */
export type PlaceSpec = "item" | Gap["state"]

/** A cross product of lists of these lengths. */
export interface CrossSpec {
  readonly op: "cross"
  readonly lengths: readonly number[]
  readonly hasXCom: boolean
}

/** An operator over one pipeline. `count` is its argument, or chooses what its function does. */
export interface UnarySpec {
  readonly op:
    | "map"
    | "filter"
    | "take"
    | "takeWhile"
    | "drop"
    | "chunk"
    | "enumerate"
    | "flatMap"
    | "failing"
  readonly of: PipelineSpec
  readonly count: number
  readonly isAsync: boolean
  readonly inner: InnerForm
}

/** What the function of a `flatMap` gives. */
export type InnerForm = "array" | "iterable" | "asyncIterable" | "stream" | "lazy"

/** An operator over several pipelines. */
export interface JoinSpec {
  readonly op: "zip" | "zipObject" | "concat"
  readonly of: readonly PipelineSpec[]
}

const place: fc.Arbitrary<PlaceSpec> = fc.oneof(
  { arbitrary: fc.constant("item" as const), weight: 8 },
  { arbitrary: fc.constantFrom("upstream_failed" as const, "skipped" as const), weight: 1 },
)

const sourceForms: readonly SourceForm[] = [
  "generator",
  "unfold",
  "bare",
  "iterable",
  "piped",
  "list",
  "result",
  "xcom",
]

/** Arbitrary sources of the given forms. */
export function sourceSpec(forms: readonly SourceForm[] = sourceForms): fc.Arbitrary<SourceSpec> {
  return fc.record({
    op: fc.constant("source" as const),
    form: fc.constantFrom(...forms),
    pages: fc.array(fc.array(place, { maxLength: 7 }), { maxLength: 6 }),
    hasFalseEnd: fc.boolean(),
    failsAt: fc.nat({ max: 8 }),
  })
}

const crossSpec: fc.Arbitrary<CrossSpec> = fc.record({
  op: fc.constant("cross" as const),
  lengths: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 3 }),
  hasXCom: fc.boolean(),
})

const unaryOps = [
  "map",
  "filter",
  "take",
  "takeWhile",
  "drop",
  "chunk",
  "enumerate",
  "flatMap",
  "failing",
] as const

/** Arbitrary operators over one pipeline. */
export function unarySpec(
  of: fc.Arbitrary<PipelineSpec>,
  ops: readonly UnarySpec["op"][] = unaryOps,
): fc.Arbitrary<UnarySpec> {
  return fc.record({
    op: fc.constantFrom(...ops),
    of,
    count: fc.integer({ min: 0, max: 9 }),
    isAsync: fc.boolean(),
    inner: fc.constantFrom<InnerForm>("array", "iterable", "asyncIterable", "stream", "lazy"),
  })
}

/** Arbitrary pipelines of all operators, up to a depth at which shrinking is still quick. */
export const pipelineSpec: fc.Arbitrary<PipelineSpec> = fc.letrec<{ pipeline: PipelineSpec }>((tie) => ({
  pipeline: fc.oneof(
    { maxDepth: 5, depthSize: "medium" },
    { arbitrary: sourceSpec(), weight: 3 },
    { arbitrary: crossSpec, weight: 1 },
    { arbitrary: unarySpec(tie("pipeline")), weight: 9 },
    {
      arbitrary: fc.record({
        op: fc.constantFrom("zip" as const, "zipObject" as const, "concat" as const),
        of: fc.array(tie("pipeline"), { minLength: 1, maxLength: 3 }),
      }),
      weight: 3,
    },
  ),
})).pipeline
