import { z } from "@hono/zod-openapi"
import type { PageView } from "@sluice/core/store"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import { instant, instantOf } from "../wire/instant.ts"
import { taskName } from "../wire/names.ts"
import { bigintMax, flag, keysetLimit, whole } from "../wire/query.ts"
import { json } from "../wire/text.ts"
import { findTask } from "./task-instances.ts"

/** The most pages that one answer has. */
const pagesMax = 1_000

/** A page of an expansion. */
export const pageSchema = z
  .object({
    first_index: z.int(),
    count: z.int(),
    claimed: z.int(),
    success: z.int(),
    failed: z.int(),
    skipped: z.int(),
    upstream_failed: z.int(),
    is_done: z.boolean(),
    created_at: instant,
    first_result_date: instant.nullable(),
    done_date: instant.nullable(),
  })
  .openapi("ExpansionPageResponse")

const pagesSchema = z
  .object({ pages: z.array(pageSchema), next_after: z.int().nullable() })
  .openapi("ExpansionPagesResponse")

const listPages = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/expansions/{task_id}/pages",
  operationId: "get_expansion_pages",
  tags: ["Expansion"],
  summary: "The pages of a task in the order of their indexes, by keyset, each with its counters",
  role: "viewer",
  request: {
    params: taskName,
    query: z.object({
      after: whole(-2, bigintMax).default(-2),
      open: flag.default(false),
      limit: keysetLimit(pagesMax),
    }),
  },
  responses: {
    200: json("Pages, and the first index to go on after; null: these were the last.", pagesSchema),
  },
})

/** Pages of expansions: what was read and committed together. */
export function expansionPageRoutes() {
  return makeRouter().openapi(listPages, async (c) => {
    const { expansionId } = await findTask(c.var.services, c.req.valid("param"))
    const { after, limit, open: isOpenOnly } = c.req.valid("query")
    const views = await Effect.runPromise(
      c.var.services.store.listPages({ expansionId, after, limit, isOpenOnly }),
    )
    const next = views.length < limit ? null : (views.at(-1)?.firstIndex ?? null)
    return c.json({ pages: views.map(toPage), next_after: next }, 200)
  })
}

function toPage(view: PageView): z.infer<typeof pageSchema> {
  return {
    first_index: view.firstIndex,
    count: view.count,
    claimed: view.claimed,
    success: view.success,
    failed: view.failed,
    skipped: view.skipped,
    upstream_failed: view.upstreamFailed,
    is_done: view.isFolded,
    created_at: instantOf(view.createdAt),
    first_result_date: instantOf(view.firstSuccessAt),
    done_date: instantOf(view.foldedAt),
  }
}
