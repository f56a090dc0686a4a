/**
 * The results of a map as a stream: one JSON object (or row of CSV) a line, while it runs and after.
 *
 * The cursor of a line is the place after it: it stays good for as long as the run does, for whoever asks and whichever
 * server answers. In index order a line is sent once everything before it has a result; as completed, once its page has
 * ended, and the cursor holds which pages were taken ahead of others. Either way nothing is passed over and nothing comes
 * twice. Memory is one page a client: the next one is read when the client has taken the last.
 */
import { z } from "@hono/zod-openapi"
import { isFinalExpansionState } from "@sluice/core/state"
import { firstAdded, type TakenIndexes, takeRange } from "@sluice/core/stream"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import type { Services } from "../environment.ts"
import { untilWoken } from "../instances/until-woken.ts"
import { ApiError, httpExceptionSchema, invalid } from "../problem.ts"
import { ndjson, streamLines, streamText } from "../stream-lines.ts"
import { makeStreamSlots } from "../stream-slots.ts"
import { taskName } from "../wire/names.ts"
import { bigintMax, flag, whole } from "../wire/query.ts"
import { readResultCursor, resultCursorMax, writeResultCursor } from "../wire/result-cursor.ts"
import { type CsvRow, csv, csvText } from "../wire/csv.ts"
import { json } from "../wire/text.ts"
import { findTask } from "./task-instances.ts"

/** Results that are read at once. */
const resultsPerRead = 500

/**
 * How long nothing may come before a line says that the stream still lives: proxies cut off what is silent. So long is
 * also waited for a wake-up that was lost with its sender; one that is lost on its way comes with the next connection.
 */
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
  summary: "What the instances of a map return, or a shared source yields, as a stream",
  role: "viewer",
  request: {
    params: taskName,
    query: z.object({
      after: z.string().max(resultCursorMax).optional(),
      order: z.enum(["index", "completed"]).default("index"),
      follow: flag.default(true),
      limit: whole(1, bigintMax).optional(),
    }),
  },
  responses: {
    200: {
      description:
        "Lines of `result`, `gap` (an instance that left none), `waiting` (nothing new, still there) and at last `end`; each with the cursor to go on after.",
      content: {
        [ndjson]: { schema: z.string() },
        [csv]: { schema: z.string() },
        "application/json": { schema: lineSchema },
      },
    },
    409: json("It leaves no stream.", httpExceptionSchema),
    429: json("Too many streams are followed already.", httpExceptionSchema),
  },
})

/** Results as a stream. */
export function resultRoutes() {
  const { refuseFull, counted } = makeStreamSlots(resultStreamsMax, "streams are followed")
  return makeRouter().openapi(streamResults, async (c) => {
    const { services } = c.var
    const { task, expansionId } = await findTask(services, c.req.valid("param"))
    const { after, follow, limit, order } = c.req.valid("query")
    if (task.kind !== "mapped" && task.kind !== "source")
      throw new ApiError(409, reasons[task.kind] ?? `the task "${task.taskId}" leaves no stream`)
    // A source's items are complete with their page: their order is that of completion.
    const isOrdered = order === "index" || task.kind === "source"
    const from = after === undefined ? { nextIndex: 0, ahead: [] } : readResultCursor(after)
    if (isOrdered && from.ahead.length > 0)
      throw invalid(["query", "after"], "the cursor is of results as completed: give order=completed with it")
    refuseFull()
    const source = { expansionId, from, isOrdered, follow, limit: limit ?? Number.MAX_SAFE_INTEGER }
    const lines = (signal: AbortSignal) => counted(readResults(services, source, signal))
    if (c.req.header("accept")?.includes(csv) !== true) return streamLines(c, lines)
    return streamText(c, `${csv}; charset=utf-8`, (signal) => csvText(columns, lines(signal)))
  })
}

const reasons: Readonly<Record<string, string>> = {
  task: "the task is not mapped: read its one result as an XCom",
  fused: "the source is read by one map alone, which stores its items as its inputs: read that map's results",
}

/** The columns of a line as CSV: a value that is no text is JSON. */
const columns = ["type", "map_index", "value", "reason", "state", "cursor"] as const

interface ResultSource {
  readonly expansionId: string
  readonly from: TakenIndexes
  readonly isOrdered: boolean
  readonly follow: boolean
  readonly limit: number
}

/** One line of the stream. */
type Line = CsvRow & { readonly type: string; readonly cursor: string }

async function* readResults(
  services: Services,
  source: ResultSource,
  signal: AbortSignal,
): AsyncGenerator<Line[]> {
  const { store } = services
  let taken = source.from
  let left = source.limit
  let toldAt = performance.now()
  while (left > 0 && !signal.aborted) {
    // The state is read before the results: what came between them is read the next time.
    const { state } = await Effect.runPromise(store.progress(source.expansionId))
    const limit = Math.min(resultsPerRead, left)
    const slice = await Effect.runPromise(
      store.readStream({
        ...{ expansionId: source.expansionId, fromIndex: taken.nextIndex, limit },
        ...(!source.isOrdered && { ahead: taken.ahead }),
      }),
    )
    const after = { nextIndex: slice.nextIndex, ahead: slice.ahead ?? [] }
    if (slice.items.length > 0) {
      yield linesOf(services, slice.items, { taken, from: firstAdded(taken, after) ?? taken.nextIndex })
      taken = after
      left -= slice.items.length
      toldAt = performance.now()
    }
    const isEnd = slice.exhausted || (slice.items.length === 0 && isFinalExpansionState(state))
    if (isEnd) {
      yield [{ type: "end", state, is_broken: slice.isBroken, cursor: writeResultCursor(taken) }]
      return
    }
    if (slice.items.length > 0) continue
    if (!source.follow) return
    if (performance.now() - toldAt >= silenceMsMax) {
      yield [{ type: "waiting", state, cursor: writeResultCursor(taken) }]
      toldAt = performance.now()
    }
    const timeoutMs = toldAt + silenceMsMax - performance.now()
    await untilWoken(store, { topics: ["progress", "run"], timeoutMs, signal })
  }
}

type StreamItem = string | { readonly gap: "upstream_failed" | "skipped" }

/** Lines of items that follow each other from an index on, each with the cursor after it. */
function linesOf(
  { readValue }: Services,
  items: readonly StreamItem[],
  { taken, from }: { readonly taken: TakenIndexes; readonly from: number },
): Line[] {
  return items.map((item, place) => {
    const cursor = writeResultCursor(takeRange(taken, [from, from + place + 1]))
    const index = from + place
    return typeof item === "string"
      ? { type: "result", map_index: index, value: readValue(item), cursor }
      : { type: "gap", map_index: index, reason: item.gap, cursor }
  })
}
