import { deserialize, serialize } from "node:v8"
import { expect } from "vitest"
import { createPullScope } from "../../stream/create-pull-scope.ts"
import type { OwnedPullScope } from "../../stream/create-pull-scope.ts"
import { jsonCodec } from "../../stream/item-codec.ts"
import type { ItemCodec } from "../../stream/item-codec.ts"
import type { Cursor, Page } from "../../stream/page.ts"
import type { PagedStream } from "../../stream/paged-stream.ts"
import type { Json } from "../../json.ts"
import { buildPipeline, FakeUpstream } from "./build-pipeline.ts"
import type { Surroundings } from "./build-pipeline.ts"
import { modelItems } from "./pipeline-model.ts"
import type { ItemStyle } from "./pipeline-model.ts"
import type { PipelineSpec } from "./pipeline-spec.ts"
import { SourceLedger } from "./source-ledger.ts"

/** Far more pulls than any spec needs: a pipeline that does not come to its end fails instead of hanging. */
const pullsMax = 5_000

/** What happens after a page: nothing, or the pipeline is left and built anew from its cursor. */
export interface Step {
  readonly pageSize: number
  readonly isCut: boolean
}

/** A pipeline while it is being read. */
export class Reading {
  readonly around: Surroundings
  readonly items: unknown[] = []
  readonly spec: PipelineSpec
  stream: PagedStream<unknown>
  scope: OwnedPullScope
  cursor: Cursor | null
  readonly #controller = new AbortController()
  /** Where the last pull began, and what it gave: what going on from the end may need. */
  last: { readonly from: Cursor; readonly page: Page<unknown> } | null = null
  /** The cursors after each page, for bounds on what they carry. */
  readonly cursors: Cursor[] = []

  constructor(spec: PipelineSpec, options: { style?: ItemStyle; hasFailures?: boolean } = {}) {
    const { style = "plain", hasFailures = false } = options
    this.around = { ledger: new SourceLedger({ hasFailures }), style, upstream: new FakeUpstream() }
    this.spec = spec
    this.stream = buildPipeline(spec, "p", this.around)
    this.scope = this.#openScope()
    this.cursor = this.stream.start
  }

  get ledger(): SourceLedger {
    return this.around.ledger
  }

  /** Pulls one page, and keeps its items and cursor only if that succeeded. */
  async pull(pageSize: number): Promise<Page<unknown>> {
    if (this.cursor === null) throw new Error("the pipeline is exhausted")
    this.ledger.beginPull()
    this.scope.pageSize = pageSize
    const page = await this.stream.pull(this.cursor, this.scope)
    this.last = { from: this.cursor, page }
    this.items.push(...page.items)
    this.cursor = page.next
    this.cursors.push(page.next)
    return page
  }

  /** Leaves the pipeline as a process that dies does, and builds it anew elsewhere from its cursor's text. */
  async cut(): Promise<void> {
    await this.scope.close()
    this.stream = buildPipeline(this.spec, "p", this.around)
    this.scope = this.#openScope()
    if (this.cursor !== null) this.cursor = JSON.parse(JSON.stringify(this.cursor)) as Cursor
  }

  /** Stops the reader, as a run that is cancelled does. */
  abort(): void {
    this.#controller.abort(new Error("stopped"))
  }

  #openScope(): OwnedPullScope {
    const codec = this.around.style === "plain" ? jsonCodec : richCodec
    return createPullScope({ reader: this.around.upstream, codec, signal: this.#controller.signal })
  }
}

/** Reads a pipeline to its end; `each` runs after each page, and a failed pull is made again. */
export async function readToEnd(
  reading: Reading,
  steps: readonly Step[],
  each: (step: Step) => void = () => {},
): Promise<void> {
  for (let at = 0; reading.cursor !== null; at++) {
    if (at > pullsMax) throw new Error("the pipeline does not end")
    const step = steps[at % steps.length]!
    try {
      await reading.pull(step.pageSize)
      each(step)
    } catch (error) {
      if (!isPlanned(error)) throw error
    }
    if (step.isCut) await reading.cut()
  }
}

/** A pipeline gives what plain arrays give, wherever it is cut and whatever its pages are. */
export async function expectSameAsArrays(
  spec: PipelineSpec,
  steps: readonly Step[],
  options: { style: ItemStyle; hasFailures: boolean },
): Promise<void> {
  const reading = new Reading(spec, options)
  await readToEnd(reading, steps, () => expect(reading.ledger.openTwice()).toEqual([]))
  expect(reading.items).toEqual(modelItems(spec, "p", options.style))
  await reading.scope.close()
  expectAllClosedOnce(reading.ledger)
}

/**
 * A pipeline that has come to its end over a source, and goes on from there when the source has more, gives what it gives
 * of the whole; or it says which of its operators stands in the way.
 */
export async function expectGoesOn(
  { before, after }: { readonly before: PipelineSpec; readonly after: PipelineSpec },
  steps: readonly Step[],
): Promise<void> {
  const reading = new Reading(before)
  await readToEnd(reading, steps)
  await reading.scope.close()
  if (reading.last === null) throw new Error("nothing was pulled")
  const { from, page } = reading.last
  if (page.end !== undefined && "stoppedBy" in page.end) {
    const { stoppedBy } = page.end
    expect(JSON.stringify(before)).toContain(stoppedBy === "pipe" ? '"piped"' : `"op":"${stoppedBy}"`)
    return
  }
  const rest = new Reading(after)
  rest.cursor = JSON.parse(JSON.stringify(page.end === undefined ? from : page.end.resume)) as Cursor
  await readToEnd(rest, steps)
  await rest.scope.close()
  const known = page.end === undefined ? page.items.length : 0
  expect([...reading.items, ...rest.items.slice(known)]).toEqual(modelItems(after, "p", "plain"))
}

/** One pull of a pipeline pulls each source at most once, and reads no more bare items than it was asked for. */
export async function expectNoReadAhead(spec: PipelineSpec, steps: readonly Step[]): Promise<void> {
  const reading = new Reading(spec)
  await readToEnd(reading, steps, ({ pageSize }) => {
    expect(reading.ledger.pulledTwiceNow()).toEqual([])
    expect(reading.ledger.readAheadNow(pageSize)).toEqual([])
  })
  await reading.scope.close()
}

/** A page that was given is never pulled again, however often the pipeline is cut after it. */
export async function expectNoPageTwice(spec: PipelineSpec, steps: readonly Step[]): Promise<void> {
  const reading = new Reading(spec)
  await readToEnd(reading, steps)
  expect(reading.ledger.pulledAgain()).toEqual([])
  await reading.scope.close()
}

/** At its end a pipeline has closed every source by itself, before anyone closes the scope. */
export async function expectClosedAtEnd(spec: PipelineSpec, steps: readonly Step[]): Promise<void> {
  const reading = new Reading(spec)
  await readToEnd(reading, steps)
  expectAllClosedOnce(reading.ledger)
  await reading.scope.close()
  expectAllClosedOnce(reading.ledger)
}

/** Left after some pages, a pipeline closes every source exactly once. */
export async function expectClosedOnStop(spec: PipelineSpec, pageSizes: readonly number[]): Promise<void> {
  const reading = new Reading(spec)
  for (const pageSize of pageSizes) if (reading.cursor !== null) await reading.pull(pageSize)
  await reading.scope.close()
  await reading.scope.close()
  expectAllClosedOnce(reading.ledger)
}

/** Aborted between two pulls or during one, a pipeline closes every source exactly once, and pulls no more. */
export async function expectClosedOnAbort(
  spec: PipelineSpec,
  pageSizes: readonly number[],
  isDuringPull: boolean,
): Promise<void> {
  const reading = new Reading(spec)
  for (const pageSize of pageSizes) if (reading.cursor !== null) await reading.pull(pageSize)
  const pull = isDuringPull && reading.cursor !== null ? reading.pull(1) : null
  reading.abort()
  await pull?.catch((error: unknown) => expect(error).toMatchObject({ message: "stopped" }))
  await reading.scope.close()
  expectAllClosedOnce(reading.ledger)
}

/** After a failure, closing the scope leaves no source open, and none was closed twice. */
export async function expectClosedOnError(spec: PipelineSpec, pageSize: number): Promise<void> {
  const reading = new Reading(spec, { hasFailures: true })
  try {
    while (reading.cursor !== null) await reading.pull(pageSize)
  } catch (error) {
    if (!isPlanned(error)) throw error
  }
  await reading.scope.close()
  expectAllClosedOnce(reading.ledger)
}

/** Every source that was opened is closed, once. */
export function expectAllClosedOnce(ledger: SourceLedger): void {
  expect(ledger.stillOpen()).toEqual([])
  expect(ledger.closedTwice()).toEqual([])
}

/** Counts the different items of a source that a cursor carries. */
export function carriedItems(cursor: Cursor, path: string): number {
  const found = JSON.stringify(cursor).matchAll(/<([p.\d]+)#(\d+)>/g)
  return new Set([...found].filter((match) => match[1] === path).map((match) => match[2])).size
}

/** A codec for items that JSON cannot hold, as a host would supply one. */
export const richCodec: ItemCodec = {
  encode: (value) => serialize(value).toString("base64"),
  decode: (json: Json) => deserialize(Buffer.from(json as string, "base64")) as unknown,
}

function isPlanned(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("planned failure")
}
