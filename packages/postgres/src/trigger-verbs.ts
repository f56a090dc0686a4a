import { Effect } from "effect"
import type { TriggerStore, WaitingTrigger } from "@sluice/core/store"
import type { Client } from "./client.ts"
import { toNumber } from "./sql/row.ts"
import * as triggers from "./sql/trigger.ts"
import { call } from "./store-call.ts"

/** What deferred instances wait for. */
export function triggerVerbs(client: Client): TriggerStore {
  return {
    fireTimers: ({ limit }) => call(client, "fireTimers", (sql) => triggers.fireTimers(sql, limit)),
    fireEndedRuns: ({ limit }) => call(client, "fireEndedRuns", (sql) => triggers.fireEndedRuns(sql, limit)),
    fireTriggers: ({ events }) =>
      call(client, "fireTriggers", (sql) =>
        triggers.fireTriggers(sql, {
          triggerIds: events.map((one) => one.triggerId),
          events: events.map((one) => one.event),
        }),
      ),
    dueTimeouts: ({ limit }) =>
      call(client, "dueTimeouts", (sql) => triggers.selectDueTimeouts(sql, limit)).pipe(
        Effect.map((rows) => rows.map(toWaiting)),
      ),
    failTriggers: (options) => call(client, "failTriggers", (sql) => triggers.failTriggers(sql, options)),
    leaseTriggers: (options) =>
      call(client, "leaseTriggers", (sql) => triggers.leaseTriggers(sql, options)).pipe(
        Effect.map((rows) => rows.map(toWaiting)),
      ),
    renewTriggers: (options) =>
      call(client, "renewTriggers", (sql) => triggers.renewTriggers(sql, options)).pipe(
        Effect.map((rows) => ({
          kept: rows.flatMap(({ isKnown, triggerId }) => (isKnown ? [triggerId] : [])),
          unknown: rows.filter(({ isKnown }) => !isKnown).map(toWaiting),
        })),
      ),
    releaseTriggers: ({ triggererId }) =>
      call(client, "releaseTriggers", (sql) => triggers.releaseTriggers(sql, triggererId)),
  }
}

function toWaiting(row: triggers.WaitingRow): WaitingTrigger {
  const { triggerId, expansionId, mapIndex, tryNumber, baseTry, trigger } = row
  return { triggerId, expansionId, mapIndex: toNumber(mapIndex), tryNumber, baseTry, trigger }
}
