/**
 * Extend: goes on where a finished stream ended, in the same run, for sources that have more since.
 *
 * Reads how the run stands and plans in plain functions; the store then opens all of it in one statement, or nothing
 * when the run has moved on meanwhile. From there on it is a run like any other: runners pull, and whoever dies has
 * lost nothing.
 */
import { Effect } from "effect"
import { ExtendRefused } from "../../store/errors.ts"
import { partsOfExpansionId } from "../../store/ids.ts"
import type { DagRunRow } from "../../store/run-store.ts"
import type { StoreService } from "../../store/store.ts"
import { untilAvailable } from "../../store/store-retry.ts"
import { type ExtensionEffect, planExtension } from "./plan-extension.ts"

/** Which stream goes on, and who says so. */
export interface ExtendOptions {
  /** A map, or a source. */
  readonly expansionId: string
  readonly actor: string
  /** Plans, and writes nothing. */
  readonly isDryRun?: boolean
}

/** What was, or would be, extended. */
export interface ExtendReport {
  readonly dagRunId: string
  readonly effects: readonly ExtensionEffect[]
}

/** Extends a stream with all that reads it. Fails with `ExtendRefused` where it could not go on exactly. */
export const extendExpansion = Effect.fnUntraced(function* (store: StoreService, options: ExtendOptions) {
  const { dagRunId, ordinal } = partsOfExpansionId(options.expansionId)
  const run = yield* untilAvailable(store.dagRunById(dagRunId))
  const { dag } = yield* untilAvailable(store.dagVersion(run.dagVersionId))
  const taskId = dag.tasks[ordinal]?.taskId ?? options.expansionId
  const notEnded = refusalOfRun(run)
  if (notEnded !== null) return yield* new ExtendRefused({ taskId, message: notEnded })
  const views = yield* untilAvailable(store.expansionsOfRun(dagRunId))
  const plan = planExtension({ dag, views }, taskId)
  if (plan.refusal !== null) return yield* new ExtendRefused({ taskId, message: plan.refusal })
  const report: ExtendReport = { dagRunId, effects: plan.effects }
  if (options.isDryRun === true) return report
  const { expansionId, expansionIds } = plan
  const tasksThat = (does: ExtensionEffect["does"]) =>
    plan.effects.flatMap((effect) => (effect.does === does ? [effect.taskId] : []))
  const { reopened } = yield* store.extendStreams({
    dagRunId,
    expansionIds,
    expansionId,
    actor: options.actor,
    detail: { goes_on: tasksThat("go on"), begins_anew: tasksThat("begin anew") },
  })
  if (reopened.length === 0) return yield* new ExtendRefused({ taskId, message: movedOn(run) })
  for (const topic of ["open", "due", "work", "progress", "control", "run"] as const) store.wake(topic)
  return report
})

/** Why nothing of a run can be extended; null: it has ended by itself. */
function refusalOfRun({ runId, state, isCancelled }: DagRunRow): string | null {
  if (isCancelled)
    return `run "${runId}" was cancelled. Fix: resume it (sluice run <file> --resume), and extend it when it has ended`
  return state === "success" || state === "failed"
    ? null
    : `run "${runId}" is ${state}; expected one that has ended. Fix: wait for its end (sluice run <file> --resume)`
}

function movedOn({ runId }: DagRunRow): string {
  return `run "${runId}" has moved on meanwhile: someone else has it running again. Fix: look at it, and say it again when it has ended`
}
