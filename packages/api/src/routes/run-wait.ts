import { z } from "@hono/zod-openapi"
import { type DagRunRow, isTagged } from "@sluice/core/store"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import type { Services } from "../environment.ts"
import { untilWoken } from "../instances/until-woken.ts"
import { invalid } from "../problem.ts"
import { ndjson, streamLines } from "../stream-lines.ts"
import { dagRunStates } from "../wire/enums.ts"
import { runName } from "../wire/names.ts"
import { listOf } from "../wire/query.ts"
import { text } from "../wire/text.ts"

/** How often a run is told of at most and at least, in seconds. */
const intervalMin = 0.1
const intervalMax = 3_600

/** The most results that one answer brings. */
const resultsMax = 20

const lineSchema = z
  .object({
    state: z.enum(dagRunStates),
    results: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi("DAGRunWaitResponse")

const waitForRun = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/wait",
  operationId: "wait_dag_run_until_finished",
  tags: ["DagRun"],
  summary: "Wait until a run has ended; a line an interval says how it stands, the last one brings results",
  role: "viewer",
  request: {
    params: runName,
    query: z.object({
      interval: z.coerce.number().min(intervalMin).max(intervalMax),
      result: listOf(text(250)),
    }),
  },
  responses: {
    200: {
      description: "One JSON object a line, the last one of a run that has ended.",
      content: { [ndjson]: { schema: z.string() }, "application/json": { schema: lineSchema } },
    },
  },
})

/** Waiting for a run. */
export function runWaitRoutes() {
  return makeRouter().openapi(waitForRun, async (c) => {
    const { services } = c.var
    const { dag_id: dagId, dag_run_id: runId } = c.req.valid("param")
    const { interval, result = [] } = c.req.valid("query")
    if (result.length > resultsMax)
      throw invalid(["query"], `${result.length} results are asked for; at most ${resultsMax} are given`)
    const run = await Effect.runPromise(services.store.dagRun({ dagId, runId }))
    return streamLines(c, (signal) =>
      follow(services, run, { intervalMs: interval * 1000, taskIds: result, signal }),
    )
  })
}

async function* follow(
  services: Services,
  first: DagRunRow,
  options: {
    readonly intervalMs: number
    readonly taskIds: readonly string[]
    readonly signal: AbortSignal
  },
): AsyncGenerator<object[]> {
  for (let run = first; ; run = await Effect.runPromise(services.store.dagRunById(first.id))) {
    if (run.state === "success" || run.state === "failed") {
      const results = await resultsOf(services, run, options.taskIds)
      yield [{ state: run.state, ...(options.taskIds.length > 0 && { results }) }]
      return
    }
    yield [{ state: run.state }]
    const { intervalMs: timeoutMs, signal } = options
    await untilWoken(services.store, { topics: ["run"], timeoutMs, signal })
    if (signal.aborted) return
  }
}

/** What tasks returned; a task that left nothing, or is mapped, has none. */
async function resultsOf(
  { store, readValue }: Services,
  run: DagRunRow,
  taskIds: readonly string[],
): Promise<Record<string, unknown>> {
  if (taskIds.length === 0) return {}
  const views = await Effect.runPromise(store.expansionsOfRun(run.id))
  const results: Record<string, unknown> = {}
  for (const { taskId, expansionId } of views) {
    if (!taskIds.includes(taskId)) continue
    const xcom = store.xcom({ expansionId, mapIndex: -1, key: "return_value" })
    try {
      results[taskId] = readValue(await Effect.runPromise(xcom))
    } catch (error) {
      if (!isTagged(error, "NotFound")) throw error
    }
  }
  return results
}
