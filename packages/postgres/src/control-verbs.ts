import type { ControlStore } from "@sluice/core/store"
import { mapRefusal } from "@sluice/core/store"
import { Effect } from "effect"
import type { Client } from "./client.ts"
import * as controls from "./sql/control.ts"
import * as events from "./sql/event.ts"
import { orNull } from "./sql/rows.ts"
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
    listEvents: (options) =>
      call(client, "listEvents", (sql) => events.selectEvents(sql, options)).pipe(
        Effect.map((all) => all.map((row) => ({ ...row, mapIndex: orNull(row.mapIndex) }))),
      ),
  }
}
