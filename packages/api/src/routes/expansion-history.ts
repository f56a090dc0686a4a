import { z } from "@hono/zod-openapi"
import { type PageView, pagesAtMax } from "@sluice/core/store"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import { historyOf } from "../expansions/history.ts"
import { notFound } from "../problem.ts"
import { instant, instantOf } from "../wire/instant.ts"
import { taskName } from "../wire/names.ts"
import { whole } from "../wire/query.ts"
import { json } from "../wire/text.ts"
import { findTask } from "./task-instances.ts"

/** The most steps of an answer, and how many there are where nothing is said. */
const stepsMax = 400
const stepsDefault = 120

/** The most pages that are looked at. */
const looksMax = Math.min(400, pagesAtMax)

/** How far a map was over time. */
export const historySchema = z
  .object({
    from: instant.nullable(),
    step_ms: z.number(),
    is_sampled: z.boolean(),
    discovered: z.array(z.int()),
    ended: z.array(z.int()),
  })
  .openapi("ExpansionHistoryResponse")

type History = z.infer<typeof historySchema>

const getHistory = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/history",
  operationId: "get_expansion_history",
  tags: ["Expansion"],
  summary: `How far a map was, from its start to now or its end, in even steps of time; from at most ${looksMax} of its pages`,
  role: "viewer",
  request: { params: taskName, query: z.object({ steps: whole(1, stepsMax).default(stepsDefault) }) },
  responses: {
    200: json(
      "What had been discovered and had ended by the start and at the end of each step.",
      historySchema,
    ),
  },
})

/** How maps have gone on. */
export function expansionHistoryRoutes() {
  return makeRouter().openapi(getHistory, async (c) => {
    const { store } = c.var.services
    const { run, expansionId } = await findTask(c.var.services, c.req.valid("param"))
    const views = await Effect.runPromise(store.expansionsOfRun(run.id))
    const view = views.find((each) => each.expansionId === expansionId)
    if (view === undefined) throw notFound("expansion", expansionId)
    const { created: discovered, openedAt, endedAt } = view
    if (openedAt === null) return c.json(nothing, 200)
    const indexes = placesIn(discovered)
    const pages = await Effect.runPromise(store.pagesAt({ expansionId, indexes }))
    const from = openedAt.getTime()
    const to = Math.max(from, endedAt?.getTime() ?? Date.now())
    const { steps } = c.req.valid("query")
    const history = historyOf({ pages, discovered, from, to, stepsMax: steps })
    const answer: History = {
      from: instantOf(history.from),
      step_ms: history.stepMs,
      is_sampled: sumOf(pages) < discovered,
      discovered: [...history.discovered],
      ended: [...history.ended],
    }
    return c.json(answer, 200)
  })
}

const nothing: History = { from: null, step_ms: 0, is_sampled: false, discovered: [], ended: [] }

/** Indexes spread evenly, the last one among them. */
function placesIn(discovered: number): number[] {
  const looks = Math.min(looksMax, discovered)
  return Array.from({ length: looks }, (_, place) => Math.floor(((place + 1) * discovered) / looks) - 1)
}

function sumOf(pages: readonly PageView[]): number {
  return pages.reduce((sum, { count }) => sum + count, 0)
}
