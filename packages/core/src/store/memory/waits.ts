import { Effect } from "effect"
import type { DeferralView, InstancePosition, InstanceWait, LimitUse, WaitStore } from "../wait-store.ts"
import { runningOf, sumOfRunning } from "./expansion-view.ts"
import { type ExpansionRecord, type MemoryState, type TriggerRecord, dateOf, expansionOf } from "./state.ts"

/** What instances wait for, over a memory state. */
export function waits(state: MemoryState): WaitStore {
  return {
    instanceWait: ({ expansionId, mapIndex }) =>
      Effect.sync(() => {
        const expansion = expansionOf(state, expansionId)
        return {
          offeredAt: dateOf(offerOf(expansion, mapIndex)?.at ?? null),
          deferral: deferralOf(expansion, mapIndex),
          repairOf: repairOf(expansion, mapIndex),
          gapOf: gapOf(expansion, mapIndex),
          limits: limitsOf(state, expansion),
        }
      }),
    listDeferrals: ({ after, limit }) =>
      Effect.sync(() =>
        [...state.triggers.values()]
          .filter(({ id }) => after === null || BigInt(id) > BigInt(after))
          .sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1))
          .slice(0, limit)
          .map((found) => ({
            ...{ triggerId: found.id, isParked: found.isParked, tryNumber: found.tryNumber },
            ...{ dagId: found.expansion.run.dagId, runId: found.expansion.run.runId },
            ...{ taskId: found.expansion.task.taskId, mapIndex: found.mapIndex },
            ...viewOf(found),
          })),
      ),
  }
}

function offerOf({ offers }: ExpansionRecord, mapIndex: number) {
  return [...offers].find((offer) => offer.isRetry && offer.firstIndex === mapIndex)
}

function deferralOf({ triggers }: ExpansionRecord, mapIndex: number): InstanceWait["deferral"] {
  const found = [...triggers].find((trigger) => trigger.mapIndex === mapIndex)
  return found === undefined ? null : viewOf(found)
}

function viewOf({ trigger, resume, since, fireAt, timeoutAt, owner }: TriggerRecord): DeferralView {
  return {
    ...{ trigger, resume, since: new Date(since), triggererId: owner },
    ...{ firesAt: dateOf(fireAt), timeoutAt: dateOf(timeoutAt) },
  }
}

function repairOf({ repairs }: ExpansionRecord, mapIndex: number): InstancePosition | null {
  const found = [...repairs.values()].find((repair) => repair.mapIndex === mapIndex)
  return found === undefined ? null : { ordinal: found.upstream.task.ordinal, mapIndex: found.upstreamIndex }
}

/** Names of origins are an ordinal and an index: see `originName`. */
function gapOf({ gapOrigins }: ExpansionRecord, mapIndex: number): InstancePosition | null {
  const found = [...gapOrigins].find(([, index]) => index === mapIndex)
  const [ordinal, index] = found?.[0].split("/").map(Number) ?? []
  return ordinal === undefined || index === undefined ? null : { ordinal, mapIndex: index }
}

function limitsOf(state: MemoryState, expansion: ExpansionRecord): InstanceWait["limits"] {
  const { concurrency, dagConcurrency, maxActiveTasks, task, triggers, run } = expansion
  const running = runningOf(expansion)
  const sameTask = () =>
    [...state.unended].filter((other) => other.run.dagId === run.dagId && other.task.taskId === task.taskId)
  return {
    concurrency: useOf(concurrency, () => running),
    deferred: useOf(task.deferredMax, () => triggers.size + running),
    dagConcurrency: useOf(dagConcurrency, () => sumOfRunning(sameTask())),
    maxActiveTasks: useOf(maxActiveTasks, () => sumOfRunning(run.expansions)),
  }
}

function useOf(max: number | null, used: () => number): LimitUse | null {
  return max === null ? null : { max, used: used() }
}
