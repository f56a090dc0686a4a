import { z } from "@hono/zod-openapi"
import type { DagRunSummary, XComEntry } from "@sluice/core/store"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import { orNotFound } from "../problem.ts"
import type { JSONValue } from "hono/utils/types"
import { instant, instantOf } from "../wire/instant.ts"
import { taskName } from "../wire/names.ts"
import { bigintMax, flag, paging, pattern, whole } from "../wire/query.ts"
import { json, text } from "../wire/text.ts"
import { findTask } from "./task-instances.ts"

const entryFields = {
  key: z.string(),
  timestamp: instant,
  logical_date: instant.nullable(),
  map_index: z.int(),
  task_id: z.string(),
  dag_id: z.string(),
  run_id: z.string(),
  dag_display_name: z.string(),
  task_display_name: z.string(),
  run_after: instant,
}

const entriesSchema = z
  .object({ xcom_entries: z.array(z.object(entryFields).openapi("XComResponse")), total_entries: z.int() })
  .openapi("XComCollectionResponse")

const valueSchema = z.object({ ...entryFields, value: z.unknown() }).openapi("XComResponseNative")

const listEntries = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries",
  operationId: "get_xcom_entries",
  tags: ["XCom"],
  summary: "What the instances of a task returned and pushed, without the values",
  role: "viewer",
  request: {
    params: taskName,
    query: z.object({
      ...paging,
      xcom_key: text(512).optional(),
      xcom_key_pattern: pattern,
      map_index: whole(-1, bigintMax).optional(),
      map_index_filter: whole(-1, bigintMax).optional(),
    }),
  },
  responses: { 200: json("Entries, and how many there are.", entriesSchema) },
})

const getEntry = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key}",
  operationId: "get_xcom_entry",
  tags: ["XCom"],
  summary: "A value that an instance returned (return_value) or pushed",
  role: "viewer",
  request: {
    params: taskName.extend({ xcom_key: text(512) }),
    query: z.object({
      map_index: whole(-1, bigintMax).default(-1),
      deserialize: flag.default(false),
      stringify: flag.default(false),
    }),
  },
  responses: { 200: json("The value, as JSON, or with `stringify` as text.", valueSchema) },
})

/** What task instances left. */
export function xcomRoutes() {
  return makeRouter()
    .openapi(listEntries, async (c) => {
      const query = c.req.valid("query")
      const { run, task, expansionId } = await findTask(c.var.services, c.req.valid("param"))
      const keyPatterns = query.xcom_key === undefined ? query.xcom_key_pattern : [literal(query.xcom_key)]
      const { rows, total } = await Effect.runPromise(
        c.var.services.store.listXComs({
          expansionId,
          mapIndex: query.map_index ?? query.map_index_filter ?? null,
          ...(keyPatterns !== undefined && { keyPatterns }),
          skip: query.offset,
          limit: query.limit,
        }),
      )
      const entries = rows
        // A pattern pays no regard to case, a key does.
        .filter((row) => query.xcom_key === undefined || row.key === query.xcom_key)
        .map((row) => toEntry(run, task.taskId, row))
      return c.json({ xcom_entries: entries, total_entries: total }, 200)
    })
    .openapi(getEntry, async (c) => {
      const { services } = c.var
      const { xcom_key: key, ...name } = c.req.valid("param")
      const { map_index: mapIndex, stringify } = c.req.valid("query")
      const { run, task, expansionId } = await findTask(services, name)
      const encoded = await Effect.runPromise(
        services.store
          .xcom({ expansionId, mapIndex, key })
          .pipe(orNotFound("XCom", `${run.dagId}/${run.runId}/${task.taskId}[${mapIndex}].${key}`)),
      )
      const native = services.readValue(encoded)
      const { rows } = await Effect.runPromise(
        services.store.listXComs({ expansionId, mapIndex, keyPatterns: [literal(key)], skip: 0, limit: 1 }),
      )
      const entry = toEntry(run, task.taskId, { mapIndex, key, at: rows[0]?.at ?? null })
      return c.json({ ...entry, value: stringify ? textOf(native) : (native as JSONValue) }, 200)
    })
}

/** A text of which `like` finds only itself. */
function literal(value: string): string {
  return value.replaceAll(/[\\%_]/g, String.raw`\$&`)
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value)
}

function toEntry(run: DagRunSummary, taskId: string, { mapIndex, key, at }: XComEntry) {
  return {
    key,
    // What was pushed by an instance that has not ended is as old as its run, at least.
    timestamp: instantOf(at ?? run.startedAt ?? run.queuedAt),
    logical_date: instantOf(run.logicalDate),
    map_index: mapIndex,
    task_id: taskId,
    dag_id: run.dagId,
    run_id: run.runId,
    dag_display_name: run.dagId,
    task_display_name: taskId,
    run_after: instantOf(run.runAfter),
  }
}
