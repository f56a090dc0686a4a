import type { ControlStore } from "@sluice/core/store"
import { Effect } from "effect"
import type { Client } from "./client.ts"
import * as events from "./sql/event.ts"
import { orNull } from "./sql/rows.ts"
import { call } from "./store-call.ts"

/** Control of what runs, over one client. */
export function controlVerbs(client: Client): ControlStore {
  return {
    listEvents: (options) =>
      call(client, "listEvents", (sql) => events.selectEvents(sql, options)).pipe(
        Effect.map((all) => all.map((row) => ({ ...row, mapIndex: orNull(row.mapIndex) }))),
      ),
  }
}
