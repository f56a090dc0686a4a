import type { BackfillRow, BackfillStore, NotAllowed } from "@sluice/core/store"
import { NotFound, secondBackfill } from "@sluice/core/store"
import { Effect } from "effect"
import type { Client } from "./client.ts"
import * as backfills from "./sql/backfill.ts"
import { call, orNotFound } from "./store-call.ts"

/** Backfills, over one client. */
export function backfillVerbs(client: Client): BackfillStore {
  return {
    backfillRefusals: (options) =>
      call(client, "backfillRefusals", (sql) => backfills.selectRefusals(sql, options)),
    createBackfill: (options) =>
      call(client, "createBackfill", async (sql) => {
        const made = await backfills.insertBackfill(sql, options)
        return made ?? { active: await backfills.selectActive(sql, options.dagId) }
      }).pipe(
        Effect.flatMap((made): Effect.Effect<BackfillRow, NotAllowed | NotFound> => {
          if (!("active" in made)) return Effect.succeed(made)
          const { dagId } = options
          return made.active === undefined
            ? Effect.fail(new NotFound({ what: "DAG", id: dagId }))
            : Effect.fail(secondBackfill(dagId, made.active))
        }),
      ),
    backfill: (id) =>
      call(client, "backfill", (sql) => backfills.selectBackfill(sql, id)).pipe(orNotFound("backfill", id)),
    listBackfills: (options) =>
      call(client, "listBackfills", (sql) => backfills.selectBackfills(sql, options)),
    searchBackfills: (options) =>
      call(client, "searchBackfills", (sql) => backfills.selectBackfillSlice(sql, options)),
    listBackfillDates: (options) =>
      call(client, "listBackfillDates", (sql) => backfills.selectDates(sql, options)),
    setBackfillPaused: (options) =>
      call(client, "setBackfillPaused", (sql) => backfills.updateBackfillPaused(sql, options)).pipe(
        orNotFound("backfill", options.backfillId),
      ),
    cancelBackfill: (options) =>
      call(client, "cancelBackfill", (sql) => backfills.cancelBackfill(sql, options)).pipe(
        orNotFound("backfill", options.backfillId),
      ),
    dueBackfills: ({ limit }) =>
      call(client, "dueBackfills", (sql) => backfills.selectDueBackfills(sql, limit)),
    moveBackfill: (options) => call(client, "moveBackfill", (sql) => backfills.moveBackfill(sql, options)),
  }
}
