/** What views of a large map show without reading it all: its density, its classes of errors, one item of it. */
import { z } from "@hono/zod-openapi"
import { type PageView, pagesAtMax, type TaskInstanceView } from "@sluice/core/store"
import { Effect } from "effect"
import type { JSONValue } from "hono/utils/types"
import { endpoint, makeRouter } from "../endpoint.ts"
import type { Services } from "../environment.ts"
import { classOf, failureStates, failuresMax, lookAtFailures } from "../expansions/failures.ts"
import { invalid, orNotFound } from "../problem.ts"
import { taskName } from "../wire/names.ts"
import { bigintMax, whole } from "../wire/query.ts"
import { json } from "../wire/text.ts"
import { findTask } from "./task-instances.ts"

/** The most buckets of an answer. */
export const bucketsMax = 400

/** At how many indexes each bucket looks for pages: one with more pages than that is told by samples. */
const looksPerBucket = Math.floor(pagesAtMax / bucketsMax)

/** How the instances of some consecutive indexes are. */
export const densitySchema = z
  .object({
    from_index: z.int(),
    to_index: z.int(),
    bucket_size: z.number(),
    is_sampled: z.boolean(),
    buckets: z.array(
      z.object({
        success: z.number(),
        failed: z.number(),
        skipped: z.number(),
        upstream_failed: z.number(),
        begun: z.number(),
        scheduled: z.number(),
      }),
    ),
  })
  .openapi("ExpansionDensityResponse")

type Density = z.infer<typeof densitySchema>
type Bucket = Density["buckets"][number]

const getDensity = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/density",
  operationId: "get_expansion_density",
  tags: ["Expansion"],
  summary:
    "How the instances of a map are, from end to end, in buckets of indexes; from its pages, by samples where there are many",
  role: "viewer",
  request: {
    params: taskName,
    query: z.object({
      from_index: whole(0, bigintMax).default(0),
      to_index: whole(0, bigintMax).optional(),
      buckets: whole(1, bucketsMax).default(200),
    }),
  },
  responses: { 200: json("Buckets, each with the shares of its pages.", densitySchema) },
})

/** The most classes that are told, and how many indexes of each. */
const classesMax = 50
const examplesMax = 5

/** Why instances failed. */
export const errorClassesSchema = z
  .object({
    classes: z.array(
      z.object({
        id: z.string(),
        type: z.string(),
        message: z.string(),
        count: z.int(),
        retrying: z.int(),
        examples: z.array(
          z.object({ map_index: z.int(), label: z.string().nullable(), message: z.string() }),
        ),
      }),
    ),
    looked_at: z.int(),
    is_complete: z.boolean(),
  })
  .openapi("ExpansionErrorsResponse")

const getErrors = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/errors",
  operationId: "get_expansion_errors",
  tags: ["Expansion"],
  summary: `Why instances of a task failed, by class, of the first ${failuresMax} failures`,
  role: "viewer",
  request: { params: taskName },
  responses: { 200: json("Classes, the most frequent first.", errorClassesSchema) },
})

const getItem = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/items/{map_index}",
  operationId: "get_expansion_item",
  tags: ["Expansion"],
  summary: "The item that an instance of a map was given",
  role: "viewer",
  request: { params: taskName.extend({ map_index: whole(0, bigintMax) }) },
  responses: { 200: json("The item, as JSON.", z.object({ value: z.unknown() }).openapi("ItemResponse")) },
})

/** What large maps are looked at with. */
export function expansionInsightRoutes() {
  return makeRouter()
    .openapi(getDensity, async (c) => {
      const { services } = c.var
      const { expansionId } = await findTask(services, c.req.valid("param"))
      const { created: discovered } = await Effect.runPromise(services.store.progress(expansionId))
      const { from_index: from, to_index: asked, buckets } = c.req.valid("query")
      const to = Math.min(asked ?? discovered, discovered)
      if (asked !== undefined && asked <= from)
        throw invalid(["query", "to_index"], `${asked} came; expected more than from_index, ${from}`)
      return c.json(await densityOf(services, expansionId, { from, to: Math.max(from, to), buckets }), 200)
    })
    .openapi(getErrors, async (c) => {
      const { services } = c.var
      const { expansionId } = await findTask(services, c.req.valid("param"))
      return c.json(await classesOf(services, expansionId), 200)
    })
    .openapi(getItem, async (c) => {
      const { services } = c.var
      const { map_index: mapIndex, ...name } = c.req.valid("param")
      const { run, task, expansionId } = await findTask(services, name)
      const encoded = await Effect.runPromise(
        services.store
          .itemAt({ expansionId, mapIndex })
          .pipe(orNotFound("item", `${run.dagId}/${run.runId}/${task.taskId}[${mapIndex}]`)),
      )
      return c.json({ value: services.readValue(encoded) as JSONValue }, 200)
    })
}

async function densityOf(
  { store }: Services,
  expansionId: string,
  { from, to, buckets }: { from: number; to: number; buckets: number },
): Promise<Density> {
  const span = to - from
  const count = Math.min(buckets, span)
  const size = count === 0 ? 1 : span / count
  const looks = Math.min(looksPerBucket, Math.ceil(size))
  const indexes = Array.from({ length: count * looks }, (_, place) =>
    Math.min(to - 1, Math.floor(from + ((place + 0.5) * size) / looks)),
  )
  const pages = await Effect.runPromise(store.pagesAt({ expansionId, indexes }))
  const seen = pages.reduce((sum, page) => sum + overlap(page, from, to), 0)
  return {
    ...{ from_index: from, to_index: to, bucket_size: size, is_sampled: seen < span },
    buckets: Array.from({ length: count }, (_, place) =>
      bucketOf(pages, from + place * size, from + (place + 1) * size),
    ),
  }
}

function overlap({ firstIndex, count }: PageView, from: number, to: number): number {
  return Math.max(0, Math.min(to, firstIndex + count) - Math.max(from, firstIndex))
}

/** What the pages of a bucket say, each by how much of the bucket it holds; scaled to the whole of it. */
function bucketOf(pages: readonly PageView[], from: number, to: number): Bucket {
  const sums = { success: 0, failed: 0, skipped: 0, upstream_failed: 0, begun: 0, scheduled: 0 }
  let seen = 0
  for (const page of pages.slice(firstAt(pages, from))) {
    if (page.firstIndex >= to) break
    const part = overlap(page, from, to)
    const share = part / page.count
    const ended = page.success + page.failed + page.skipped + page.upstreamFailed
    seen += part
    sums.success += page.success * share
    sums.failed += page.failed * share
    sums.skipped += page.skipped * share
    sums.upstream_failed += page.upstreamFailed * share
    sums.begun += Math.max(0, page.claimed - ended) * share
    sums.scheduled += (page.count - Math.max(page.claimed, ended)) * share
  }
  const scale = seen === 0 ? 0 : (to - from) / seen
  const scaled = (n: number) => Math.round(n * scale * 100) / 100
  return {
    success: scaled(sums.success),
    failed: scaled(sums.failed),
    skipped: scaled(sums.skipped),
    upstream_failed: scaled(sums.upstream_failed),
    begun: scaled(sums.begun),
    scheduled: scaled(sums.scheduled),
  }
}

/** The place of the first page that ends after an index, by halves. */
function firstAt(pages: readonly PageView[], index: number): number {
  let [low, high] = [0, pages.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const page = pages[middle]
    if (page !== undefined && page.firstIndex + page.count <= index) low = middle + 1
    else high = middle
  }
  return low
}

async function classesOf(
  { store }: Services,
  expansionId: string,
): Promise<z.infer<typeof errorClassesSchema>> {
  const classes = new Map<string, CountedClass>()
  const range = { expansionId, states: failureStates, afterIndex: -2 }
  const { lookedAt, reached } = await lookAtFailures(store, range, (failure) => {
    countFailure(classes, failure)
    return true
  })
  const told = [...classes.values()].sort((a, b) => b.count + b.retrying - a.count - a.retrying)
  return { classes: told.slice(0, classesMax), looked_at: lookedAt, is_complete: reached === null }
}

type CountedClass = z.infer<typeof errorClassesSchema>["classes"][number]

function countFailure(classes: Map<string, CountedClass>, failure: TaskInstanceView): void {
  const { error, state, mapIndex, label } = failure
  const of = classOf(failure)
  const known = classes.get(of.id) ?? { ...of, count: 0, retrying: 0, examples: [] }
  classes.set(of.id, known)
  if (state === "failed") known.count += 1
  else known.retrying += 1
  const message = error?.message ?? ""
  if (known.examples.length < examplesMax) known.examples.push({ map_index: mapIndex, label, message })
}
