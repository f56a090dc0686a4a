import { randomBytes } from "node:crypto"
import { z } from "@hono/zod-openapi"
import type { Json } from "@sluice/core"
import { requestRun } from "@sluice/core/engine"
import type { StoreService } from "@sluice/core/store"
import { Effect } from "effect"
import { invalid } from "../problem.ts"
import { toDagRun } from "../wire/dag-run.ts"
import { anyName } from "../wire/names.ts"
import { bodyInstant, refuse } from "../wire/query.ts"
import { text } from "../wire/text.ts"

/** What a client says of a run that is to be made. */
export const newRunFields = {
  dag_run_id: text(250)
    .refine((id) => id !== anyName, "~ stands for all runs")
    .nullish(),
  data_interval_start: bodyInstant.nullish(),
  data_interval_end: bodyInstant.nullish(),
  logical_date: bodyInstant.nullish(),
  run_after: bodyInstant.nullish(),
  conf: z.record(z.string(), z.unknown()).nullish(),
  note: text(1_000).nullish(),
  partition_key: z.string().nullish(),
}

/** The same where the logical date has to be said. */
export const logicalDateField = bodyInstant.nullable()

type NewRun = z.output<z.ZodObject<typeof newRunFields>>

/** Refuses what is not served of a run. */
export function refuseUnserved({ run_after, partition_key }: NewRun): void {
  refuse("body", { run_after, partition_key }, "it cannot be given to a run yet; leave it out")
}

/** Makes a run of a DAG's newest version, and gives it as it is answered. */
export async function makeRun(store: StoreService, dagId: string, body: NewRun, actor: string) {
  const run = await Effect.runPromise(
    requestRun(store, {
      dagId,
      runId: body.dag_run_id ?? newRunId(),
      conf: (body.conf ?? {}) as Json,
      logicalDate: body.logical_date ?? null,
      ...intervalOf(body),
      note: body.note ?? null,
      triggeredBy: "rest_api",
      triggeringUser: actor,
    }),
  )
  store.wake("due")
  return toDagRun(await Effect.runPromise(store.dagRunSummary(run)))
}

/** Both ends of a data interval, or neither. */
function intervalOf({ data_interval_start: start, data_interval_end: end }: NewRun) {
  if (start == null && end == null) return {}
  if (start == null || end == null || start > end)
    throw invalid(
      ["body", "data_interval_end"],
      "a data interval has a start and an end that is not before it",
    )
  return { dataInterval: { start, end } }
}

/** Airflow's form, with a tail so that two in one millisecond differ. */
function newRunId(): string {
  return `manual__${new Date().toISOString()}_${randomBytes(4).toString("hex")}`
}
