import { z } from "@hono/zod-openapi"
import type { LogRow } from "@sluice/core/store"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import type { Services } from "../environment.ts"
import type { TailPart } from "../logs/log-tail.ts"
import { ApiError, httpExceptionSchema, invalid } from "../problem.ts"
import type { JSONValue } from "hono/utils/types"
import { ndjson, streamLines } from "../stream-lines.ts"
import { makeStreamSlots } from "../stream-slots.ts"
import { taskInstanceStates } from "../wire/enums.ts"
import { instant } from "../wire/instant.ts"
import { taskName } from "../wire/names.ts"
import { bigintMax, flag, readCursor, whole, writeCursor } from "../wire/query.ts"
import { json } from "../wire/text.ts"
import { findInstance } from "./task-instances.ts"

/** Lines that one answer of JSON holds: a first part, or with `full_content` as much as is reasonable. */
export const logLinesMax = 1_000
export const logLinesFullMax = 10_000

/** The most logs that one server follows at once, for as many clients. */
export const logFollowersMax = 1_000

const lineSchema = z
  .object({ timestamp: instant.optional(), event: z.string() })
  .catchall(z.unknown())
  .openapi("StructuredLogMessage")

const logSchema = z
  .object({ content: z.array(lineSchema), continuation_token: z.string().nullable() })
  .openapi("TaskInstancesLogResponse")

/** An attempt of an instance; 0 stands for all of them. */
const attemptName = taskName.extend({ try_number: whole(0) })

const getLog = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/logs/{try_number}",
  operationId: "get_log",
  tags: ["Task Instance"],
  summary: "What an attempt of an instance logged; as NDJSON the whole of it, line by line",
  role: "viewer",
  request: {
    params: attemptName,
    query: z.object({
      full_content: flag.default(false),
      map_index: whole(-1, bigintMax).default(-1),
      token: z.string().max(1_000).optional(),
    }),
  },
  responses: {
    200: {
      description: "Log lines, the oldest first; the token, if there is one, reads on.",
      content: { "application/json": { schema: logSchema }, [ndjson]: { schema: z.string() } },
    },
  },
})

const tailLineSchema = z
  .object({
    type: z.enum(["line", "waiting", "end"]),
    cursor: z.string(),
    state: z.enum(taskInstanceStates).nullable().optional(),
    timestamp: instant.optional(),
    event: z.string().optional(),
    level: z.string().optional(),
    try_number: z.int().optional(),
    map_index: z.int().nullable().optional(),
    fields: z.unknown().optional(),
  })
  .openapi("LogTailLine")

const tailLog = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/logs/{try_number}/tail",
  operationId: "tail_log",
  tags: ["Task Instance"],
  summary: "What an attempt (0: all attempts) of an instance logs, as it comes, until there will be no more",
  role: "viewer",
  request: {
    params: attemptName,
    query: z.object({
      map_index: whole(-1, bigintMax).default(-1),
      after: z.string().max(1_000).optional(),
    }),
  },
  responses: {
    200: {
      description:
        "Lines of `line`, `waiting` (nothing new, still there) and at last `end`; each with the cursor to go on after.",
      content: { [ndjson]: { schema: z.string() }, "application/json": { schema: tailLineSchema } },
    },
    429: json("Too many logs are followed already.", httpExceptionSchema),
  },
})

/** Where reading goes on: after this line. */
const logToken = z.strictObject({ a: z.string().regex(/^\d{1,19}$/) })

/** Logs of task instances. */
export function logRoutes() {
  const { refuseFull, counted } = makeStreamSlots(logFollowersMax, "logs are followed")
  return makeRouter()
    .openapi(tailLog, async (c) => {
      const { services } = c.var
      const { try_number: tryNumber, ...name } = c.req.valid("param")
      const { map_index: mapIndex, after: cursor } = c.req.valid("query")
      const { task, view } = await findInstance(services, name, mapIndex)
      if (task.kind !== "task" && mapIndex < 0)
        throw new ApiError(
          404,
          `the task "${task.taskId}" is mapped, and has no log of its own: give map_index`,
        )
      const source = { expansionId: view.expansionId, mapIndex }
      const after = cursor === undefined ? null : readCursor(cursor, logToken).a
      if (after !== null && !(await hasLine(services, source, after)))
        throw invalid(["query", "after"], "no line of this log has that cursor; leave it out to begin anew")
      refuseFull()
      return streamLines(c, (signal) =>
        counted(linesOf(services.logTails.of(source).follow({ after, tryNumber, signal }), after)),
      )
    })
    .openapi(getLog, async (c) => {
      const { services } = c.var
      const { try_number: tryNumber, ...name } = c.req.valid("param")
      const { map_index: mapIndex, token, full_content: isFull } = c.req.valid("query")
      const { view } = await findInstance(services, name, mapIndex)
      const source = { expansionId: view.expansionId, mapIndex, tryNumber }
      const after = token === undefined ? null : readCursor(token, logToken).a
      if (c.req.header("accept")?.includes(ndjson) === true) {
        const lines = async function* () {
          for await (const rows of readLog(services, source, after)) yield rows.map((row) => toLine(row))
        }
        return streamLines(c, lines)
      }
      const rows: LogRow[] = []
      const max = isFull ? logLinesFullMax : logLinesMax
      let hasMore = false
      for await (const some of readLog(services, source, after)) {
        rows.push(...some)
        hasMore = rows.length > max
        if (hasMore) break
      }
      const shown = rows.slice(0, max)
      const last = shown.at(-1)
      const next = hasMore && last !== undefined ? writeCursor({ a: last.id }) : null
      return c.json({ content: shown.map(toLine), continuation_token: next }, 200)
    })
}

/** Whether a line is there to go on after. 0 stands before the first. */
async function hasLine(
  { store }: Services,
  { expansionId, mapIndex }: { readonly expansionId: string; readonly mapIndex: number },
  id: string,
): Promise<boolean> {
  if (id === "0") return true
  const after = String(BigInt(id) - 1n)
  const [row] = await Effect.runPromise(store.readLogs({ expansionId, mapIndex, after, limit: 1 }))
  return row?.id === id
}

/** What is sent of a tail, each line with the cursor after it. */
async function* linesOf(parts: AsyncGenerator<TailPart>, from: string | null): AsyncGenerator<object[]> {
  let last = from ?? "0"
  for await (const part of parts) {
    if (part.type === "lines") {
      yield part.rows.map((row) => ({ type: "line", cursor: writeCursor({ a: row.id }), ...toLine(row) }))
      last = part.rows.at(-1)?.id ?? last
    } else yield [{ type: part.type, state: part.state, cursor: writeCursor({ a: last }) }]
  }
}

/** Reads a log in slices, each as large as a statement may be. */
async function* readLog(
  { store }: Services,
  { expansionId, mapIndex, tryNumber }: { expansionId: string; mapIndex: number; tryNumber: number },
  from: string | null,
): AsyncGenerator<LogRow[]> {
  for (let after = from; ;) {
    const rows = await Effect.runPromise(store.readLogs({ expansionId, mapIndex, after, limit: logLinesMax }))
    // 0 stands for all attempts.
    const fitting = rows.filter((row) => tryNumber === 0 || row.tryNumber === tryNumber)
    if (fitting.length > 0) yield fitting
    const last = rows.at(-1)
    if (last === undefined || rows.length < logLinesMax) return
    after = last.id
  }
}

/** A line as it is sent. */
interface Line {
  readonly timestamp: string
  readonly event: string
  readonly [extra: string]: JSONValue
}

function toLine({ at, message, level, tryNumber, mapIndex, fields }: LogRow): Line {
  return {
    timestamp: new Date(at).toISOString(),
    event: message,
    level,
    try_number: tryNumber,
    map_index: mapIndex,
    ...(fields !== null && { fields: fields as JSONValue }),
  }
}
