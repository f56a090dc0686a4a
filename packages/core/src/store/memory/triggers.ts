import { Effect } from "effect"
import type { Deferral } from "../../host/host-pool.ts"
import type { TriggerFailure, TriggerStore, WaitingTrigger } from "../trigger-store.ts"
import { addOutcome, noteFinished } from "./counts.ts"
import { pageOf } from "./offers.ts"
import { alarm } from "./stop.ts"
import {
  type InstanceRow,
  type LeaseRecord,
  type MemoryState,
  type TriggerRecord,
  nextNumber,
} from "./state.ts"

/** Triggers over a memory state. */
export function triggers(state: MemoryState): TriggerStore {
  return {
    fireTimers: ({ limit }) => Effect.sync(() => fireTimers(state, limit)),
    fireEndedRuns: ({ limit }) => Effect.sync(() => fireEndedRuns(state, limit)),
    fireTriggers: ({ events }) =>
      Effect.sync(() =>
        events.flatMap(({ triggerId, event }) => (fire(state, triggerId, event) ? [triggerId] : [])),
      ),
    dueTimeouts: ({ limit }) =>
      Effect.sync(() =>
        live(state)
          .filter((trigger) => isOver(trigger, state.now()))
          .sort((a, b) => (a.timeoutAt ?? 0) - (b.timeoutAt ?? 0))
          .slice(0, limit)
          .map(toWaiting),
      ),
    failTriggers: (options) =>
      Effect.sync(() => {
        const failed = options.failures.flatMap(
          (failure) => failTrigger(state, options.triggererId, failure) ?? [],
        )
        return failed.map((trigger) => ({
          triggerId: trigger.id,
          expansionId: trigger.expansion.id,
          isPageFinished: noteFinished(state, trigger.page),
          isExhausted: trigger.expansion.exhausted,
        }))
      }),
    leaseTriggers: (options) => Effect.sync(() => leaseTriggers(state, options)),
    renewTriggers: ({ triggererId, triggerIds, leaseSeconds }) =>
      Effect.sync(() => {
        state.triggerers.set(triggererId, state.now() + leaseSeconds * 1000)
        const own = live(state).filter(({ owner }) => owner === triggererId)
        return {
          kept: own.flatMap(({ id }) => (triggerIds.includes(id) ? [id] : [])),
          unknown: own.filter(({ id }) => !triggerIds.includes(id)).map(toWaiting),
        }
      }),
    releaseTriggers: ({ triggererId }) =>
      Effect.sync(() => {
        state.triggerers.delete(triggererId)
        for (const trigger of state.triggers.values()) if (trigger.owner === triggererId) trigger.owner = null
      }),
  }
}

/** Notes what an instance that has left its lease waits for. */
export function defer(state: MemoryState, lease: LeaseRecord, mapIndex: number, deferral: Deferral): void {
  const { expansion, tryNumber, baseTry } = lease
  const now = state.now()
  const trigger: TriggerRecord = {
    ...deferral,
    id: String(nextNumber(state)),
    expansion,
    page: pageOf(lease, mapIndex),
    mapIndex,
    tryNumber,
    baseTry,
    since: now,
    fireAt: fireAtOf(deferral, now),
    timeoutAt: deferral.timeoutMs === null ? null : now + deferral.timeoutMs,
    owner: null,
    isParked: false,
  }
  state.triggers.set(trigger.id, trigger)
  expansion.triggers.add(trigger)
}

function fireAtOf({ trigger }: Deferral, now: number): number | null {
  if (trigger.kind === "delay") return now + trigger.ms
  return trigger.kind === "time" ? trigger.at : null
}

function live(state: MemoryState): TriggerRecord[] {
  return [...state.triggers.values()].filter((trigger) => !trigger.isParked)
}

/** A timer that comes before its timeout fires, however late it is looked at. */
function comesFirst({ fireAt, timeoutAt }: TriggerRecord): boolean {
  return fireAt !== null && (timeoutAt === null || fireAt <= timeoutAt)
}

function isOver(trigger: TriggerRecord, now: number): boolean {
  return trigger.timeoutAt !== null && trigger.timeoutAt <= now && !comesFirst(trigger)
}

function fireTimers(state: MemoryState, limit: number): { fired: number; nextInMs: number | null } {
  const now = state.now()
  const due = live(state)
    .filter((trigger) => comesFirst(trigger) && (trigger.fireAt ?? now) <= now)
    .sort((a, b) => (a.fireAt ?? 0) - (b.fireAt ?? 0))
    .slice(0, limit)
  for (const trigger of due) fire(state, trigger.id, "null")
  const next = live(state).flatMap((trigger) => (comesFirst(trigger) ? [trigger.fireAt ?? now] : []))
  const nextInMs = next.length === 0 ? null : Math.max(0, Math.min(...next) - now)
  return { fired: due.length, nextInMs }
}

function fireEndedRuns(state: MemoryState, limit: number): number {
  let fired = 0
  for (const { id, trigger } of live(state)) {
    if (fired >= limit) break
    if (trigger.kind !== "run") continue
    const { dagId, runId } = trigger
    const run = state.runs.find((each) => each.dagId === dagId && each.runId === runId)
    if (run?.state !== "success" && run?.state !== "failed") continue
    if (fire(state, id, JSON.stringify({ dagId, runId, state: run.state }))) fired += 1
  }
  return fired
}

/** Resumes the instance of a trigger that is still there; it keeps its try. */
function fire(state: MemoryState, triggerId: string, event: string): boolean {
  const trigger = state.triggers.get(triggerId)
  if (trigger === undefined || trigger.isParked) return false
  dropTrigger(state, trigger)
  const { expansion, page, mapIndex, tryNumber, baseTry } = trigger
  const value = `{"resume":${JSON.stringify(trigger.resume)},"state":${trigger.state},"event":${event}}`
  expansion.rows.set(mapIndex, { ...rowOf(trigger), state: "scheduled", value })
  const range = { expansion, page, firstIndex: mapIndex, count: 1, tryNumber, baseTry }
  expansion.offers.add({ ...range, at: state.now(), isRetry: true, isIsolated: false })
  alarm(state, expansion, false)
  return true
}

function failTrigger(
  state: MemoryState,
  triggererId: string | null,
  failure: TriggerFailure,
): TriggerRecord | null {
  const trigger = state.triggers.get(failure.triggerId)
  if (trigger === undefined || trigger.isParked) return null
  if (triggererId !== null && trigger.owner !== triggererId) return null
  dropTrigger(state, trigger)
  const { expansion, page, mapIndex } = trigger
  const row: InstanceRow = {
    ...rowOf(trigger),
    state: failure.state,
    endedAt: state.now(),
    value: null,
    error: failure.error,
  }
  expansion.rows.set(mapIndex, row)
  if (failure.state === "up_for_retry") offerNextTry(state, trigger, failure, row)
  else {
    addOutcome(page.counts, "failed")
    page.firstEndedAt ??= state.now()
    page.pullsAtFirstEnd ??= expansion.pulls
  }
  alarm(state, expansion, failure.state === "failed")
  return trigger
}

function offerNextTry(
  state: MemoryState,
  trigger: TriggerRecord,
  { error, retryDelayMs }: TriggerFailure,
  { startedAt, endedAt }: InstanceRow,
): void {
  const { expansion, page, mapIndex, tryNumber, baseTry } = trigger
  const tries = expansion.tries.get(mapIndex) ?? []
  tries.push({
    tryNumber,
    state: "failed",
    startedAt: new Date(startedAt),
    endedAt: new Date(endedAt),
    error,
  })
  expansion.tries.set(mapIndex, tries)
  const range = { expansion, page, firstIndex: mapIndex, count: 1, tryNumber: tryNumber + 1, baseTry }
  expansion.offers.add({ ...range, at: state.now() + (retryDelayMs ?? 0), isRetry: true, isIsolated: false })
}

function rowOf({ expansion, mapIndex }: TriggerRecord): InstanceRow {
  const row = expansion.rows.get(mapIndex)
  if (row?.state !== "deferred")
    throw new Error(`instance ${mapIndex} of ${expansion.id} has a trigger and is ${row?.state}`)
  return row
}

/** Forgets what an instance waits for. */
export function dropTrigger(state: MemoryState, trigger: TriggerRecord): void {
  state.triggers.delete(trigger.id)
  trigger.expansion.triggers.delete(trigger)
}

type LeaseOptions = Parameters<TriggerStore["leaseTriggers"]>[0]

/** The share counts the triggerers that live, this one included. */
function leaseTriggers(
  state: MemoryState,
  { triggererId, capacity, leaseSeconds }: LeaseOptions,
): WaitingTrigger[] {
  const now = state.now()
  const others = [...state.triggerers].filter(([id, until]) => until > now && id !== triggererId)
  const alive = [triggererId, ...others.map(([id]) => id)]
  const watched = live(state).filter(({ fireAt, trigger }) => fireAt === null && trigger.kind !== "run")
  const free = watched.filter(({ owner }) => owner === null || !alive.includes(owner))
  if (free.length > 0) state.triggerers.set(triggererId, now + leaseSeconds * 1000)
  const held = watched.filter(({ owner }) => owner === triggererId).length
  const share = Math.min(capacity - held, Math.ceil(free.length / alive.length))
  const taken = free.slice(0, Math.max(0, share))
  for (const trigger of taken) trigger.owner = triggererId
  return taken.map(toWaiting)
}

function toWaiting({ id, expansion, mapIndex, tryNumber, baseTry, trigger }: TriggerRecord): WaitingTrigger {
  return { triggerId: id, expansionId: expansion.id, mapIndex, tryNumber, baseTry, trigger }
}
