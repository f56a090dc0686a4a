/**
 * The results of a map as a stream: one JSON object a line, in index order, while it runs and after.
 *
 * The cursor of a line is the place after it: it stays good for as long as the run does, for whoever asks and whichever
 * server answers. A line is sent once everything before it has a result, so nothing is passed over and nothing comes
 * twice. Memory is one page a client: the next one is read when the client has taken the last.
 */
import { z } from "@hono/zod-openapi"
import { isFinalExpansionState, type ExpansionState } from "@sluice/core/state"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import type { Services } from "../environment.ts"
import { untilWoken } from "../instances/until-woken.ts"
import { ApiError, httpExceptionSchema } from "../problem.ts"
import { ndjson, streamLines } from "../stream-lines.ts"
import { bigintMax, flag, readCursor, whole, writeCursor } from "../wire/query.ts"
import { json, text } from "../wire/text.ts"
import { findTask } from "./task-instances.ts"

/** Results that are read at once. */
const resultsPerRead = 500

/** How long a stream without a wake-up waits before it looks again. */
const resultsPollMs = 1_000

/** How long nothing may come before a line says that the stream still lives: proxies cut off what is silent. */
const silenceMsMax = 15_000

/** The most streams of results that one server follows at once. */
export const resultStreamsMax = 1_000

/** One line, as the document tells it: the stream is many of them. */
const lineSchema = z
  .object({
    type: z.enum(["result", "gap", "waiting", "end"]),
    cursor: z.string(),
    map_index: z.int().optional(),
    value: z.unknown().optional(),
    reason: z.enum(["upstream_failed", "skipped"]).optional(),
    state: z.string().optional(),
    is_broken: z.boolean().optional(),
  })
  .openapi("ResultLine")

const streamResults = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/results",
  operationId: "stream_results",
  tags: ["Expansion"],
  summary: "What the instances of a map return, or a shared source yields, as a stream in index order",
  role: "viewer",
  request: {
    params: z.object({ dag_id: text(250), dag_run_id: text(250), task_id: text(250) }),
    query: z.object({
      after: z.string().max(1_000).optional(),
      follow: flag.default(true),
      limit: whole(1, bigintMax).optional(),
    }),
  },
  responses: {
    200: {
      description:
        "Lines of `result`, `gap` (an instance that left none), `waiting` (nothing new, still there) and at last `end`; each with the cursor to go on after.",
      content: { [ndjson]: { schema: z.string() }, "application/json": { schema: lineSchema } },
    },
    409: json("It leaves no stream.", httpExceptionSchema),
    429: json("Too many streams are followed already.", httpExceptionSchema),
  },
})

const resultCursor = z.strictObject({ r: z.int().min(0) })

/** Results as a stream. */
export function resultRoutes() {
  let open = 0
  async function* counted(services: Services, source: ResultSource, signal: AbortSignal) {
    open += 1
    try {
      yield* readResults(services, source, signal)
    } finally {
      open -= 1
    }
  }
  return makeRouter().openapi(streamResults, async (c) => {
    const { services } = c.var
    const { task, expansionId } = await findTask(services, c.req.valid("param"))
    const { after, follow, limit } = c.req.valid("query")
    if (task.kind !== "mapped" && task.kind !== "source")
      throw new ApiError(409, reasons[task.kind] ?? `the task "${task.taskId}" leaves no stream`)
    const fromIndex = after === undefined ? 0 : readCursor(after, resultCursor).r
    if (open >= resultStreamsMax)
      throw new ApiError(429, `${open} streams are followed already; try again later`, {
        "retry-after": "10",
      })
    const source = { expansionId, fromIndex, follow, limit: limit ?? Number.MAX_SAFE_INTEGER }
    return streamLines(c, (signal) => counted(services, source, signal))
  })
}

const reasons: Readonly<Record<string, string>> = {
  task: "the task is not mapped: read its one result as an XCom",
  fused: "the source is read by one map alone, which stores its items as its inputs: read that map's results",
}

interface ResultSource {
  readonly expansionId: string
  readonly fromIndex: number
  readonly follow: boolean
  readonly limit: number
}

async function* readResults(
  services: Services,
  source: ResultSource,
  signal: AbortSignal,
): AsyncGenerator<object[]> {
  const { store } = services
  let index = source.fromIndex
  let left = source.limit
  let toldAt = performance.now()
  while (left > 0 && !signal.aborted) {
    // The state is read before the results: what came between them is read the next time.
    const { state } = await Effect.runPromise(store.progress(source.expansionId))
    const limit = Math.min(resultsPerRead, left)
    const slice = await Effect.runPromise(
      store.readStream({ expansionId: source.expansionId, fromIndex: index, limit }),
    )
    if (slice.items.length > 0) {
      yield slice.items.map((item, place) => toLine(services, item, index + place))
      index += slice.items.length
      left -= slice.items.length
      toldAt = performance.now()
    }
    const isEnd = slice.exhausted || (slice.items.length === 0 && isFinalExpansionState(state))
    if (isEnd) {
      yield [endLine(state, index, slice.isBroken)]
      return
    }
    if (slice.items.length > 0) continue
    if (!source.follow) return
    if (performance.now() - toldAt >= silenceMsMax) {
      yield [{ type: "waiting", state, cursor: writeCursor({ r: index }) }]
      toldAt = performance.now()
    }
    await untilWoken(store, { topics: ["progress", "run"], timeoutMs: resultsPollMs, signal })
  }
}

type StreamItem = string | { readonly gap: "upstream_failed" | "skipped" }

function toLine({ readValue }: Services, item: StreamItem, index: number): object {
  const cursor = writeCursor({ r: index + 1 })
  return typeof item === "string"
    ? { type: "result", map_index: index, value: readValue(item), cursor }
    : { type: "gap", map_index: index, reason: item.gap, cursor }
}

function endLine(state: ExpansionState, index: number, isBroken: boolean): object {
  return { type: "end", state, is_broken: isBroken, cursor: writeCursor({ r: index }) }
}
