import type { DuePlan, LeaderStore, PlannerStore } from "@sluice/core/store"
import { Effect } from "effect"
import type { Client } from "./client.ts"
import { toPlannedRun } from "./sql/dag.ts"
import * as leaders from "./sql/leader.ts"
import * as plans from "./sql/plan.ts"
import { call } from "./store-call.ts"

/** Leadership and scheduled runs, over one client. */
export function plannerVerbs(client: Client): LeaderStore & PlannerStore {
  return {
    lead: (options) => call(client, "lead", (sql) => leaders.takeLead(sql, options)),
    resign: (leadership) => call(client, "resign", (sql) => leaders.resignLead(sql, leadership)),
    duePlans: ({ limit }) =>
      call(client, "duePlans", (sql) => plans.selectDuePlans(sql, limit)).pipe(
        Effect.map((rows) => ({
          now: rows[0]?.now ?? new Date(Number.NaN),
          nextAt: rows[0]?.nextAt ?? null,
          plans: rows.flatMap(toDuePlan),
        })),
      ),
    movePlan: (options) => call(client, "movePlan", (sql) => plans.movePlan(sql, options)),
  }
}

function toDuePlan(row: plans.DueRow): DuePlan[] {
  const { dagId, planning, since, lastTick, seq } = row
  return dagId === null ? [] : [{ dagId, planning, since, lastTick, seq, next: toPlannedRun(row) }]
}
