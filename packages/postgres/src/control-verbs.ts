import type { ControlStore } from "@sluice/core/store"
import { mapRefusal } from "@sluice/core/store"
import { Effect } from "effect"
import type { Client } from "./client.ts"
import { timeOutRuns } from "./sql/dag-run.ts"
import * as controls from "./sql/control.ts"
import * as events from "./sql/event.ts"
import * as stops from "./sql/stop.ts"
import { orNull } from "./sql/rows.ts"
import { toNumber } from "./sql/row.ts"
import { call, failure, orNotFound } from "./store-call.ts"

/** Control of what runs, over one client. */
export function controlVerbs(client: Client): ControlStore {
  return {
    changeMap: (options) =>
      call(client, "changeMap", (sql) => controls.updateMap(sql, options)).pipe(
        orNotFound("expansion", options.expansionId),
        Effect.flatMap(({ isChanged, ...target }) => {
          if (isChanged !== null) return Effect.succeed(isChanged)
          const refusal = mapRefusal(target, options.change)
          return Effect.fail(
            refusal ?? failure("changeMap", `map ${options.expansionId} could not be changed`),
          )
        }),
      ),
    cancelMap: (options) =>
      call(client, "cancelMap", (sql) => stops.cancelMap(sql, options)).pipe(
        orNotFound("expansion", options.expansionId),
        Effect.flatMap(({ isDone, dagRunId, ...target }) => {
          if (isDone) return Effect.succeed({ dagRunId })
          const refusal = mapRefusal(target, {})
          return Effect.fail(
            refusal ?? failure("cancelMap", `map ${options.expansionId} could not be cancelled`),
          )
        }),
      ),
    stopMap: (options) => call(client, "stopMap", (sql) => stops.stopMap(sql, options)),
    closeStopped: (id) =>
      call(client, "closeStopped", (sql) => stops.closeStopped(sql, id)).pipe(Effect.map(toNumber)),
    sweep: ({ limit }) => call(client, "sweep", (sql) => controls.sweep(sql, limit)),
    reviewMaps: ({ expansionIds }) =>
      call(client, "reviewMaps", (sql) => stops.reviewMaps(sql, expansionIds)),
    timeOutRuns: ({ limit }) => call(client, "timeOutRuns", (sql) => timeOutRuns(sql, limit)),
    listEvents: (options) =>
      call(client, "listEvents", (sql) => events.selectEvents(sql, options)).pipe(
        Effect.map((all) => all.map((row) => ({ ...row, mapIndex: orNull(row.mapIndex) }))),
      ),
  }
}
