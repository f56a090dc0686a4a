import type { EventRow, EventStore } from "@sluice/core/store"
import { Effect } from "effect"
import type { Client } from "./client.ts"
import * as events from "./sql/event.ts"
import { sliceOf } from "./sql/filter.ts"
import { orNull } from "./sql/rows.ts"
import { call, orNotFound } from "./store-call.ts"

/** The event log, over one client. */
export function eventVerbs(client: Client): EventStore {
  return {
    event: (id) =>
      call(client, "event", (sql) => events.selectEvent(sql, id)).pipe(
        orNotFound("event", id),
        Effect.map(toEvent),
      ),
    searchEvents: (options) =>
      call(client, "searchEvents", (sql) => events.selectEventSlice(sql, options)).pipe(
        Effect.map((found) => sliceOf(found, "id", toEvent)),
      ),
    pageEvents: (options) =>
      call(client, "pageEvents", (sql) => events.selectEventPage(sql, options)).pipe(
        Effect.map((found) => found.map(toEvent)),
      ),
  }
}

function toEvent(row: events.StoredEvent): EventRow {
  const { id, at, dagId, dagRunId, runId, expansionId, taskId, actor, event, detail } = row
  return {
    id,
    at,
    dagId,
    dagRunId,
    runId,
    expansionId,
    taskId,
    mapIndex: orNull(row.mapIndex),
    actor,
    event,
    detail,
  }
}
