import type {
  DueExpansion,
  ExpansionProgress,
  ExpansionView,
  Lease,
  TaskInstanceView,
} from "@sluice/core/store"
import type { HeldRow } from "./claim.ts"
import type { ProgressRow } from "./expansion.ts"
import { toNumber } from "./row.ts"
import type { DueRow } from "./scheduling.ts"
import type { ExpansionViewRow, TaskInstanceRow } from "./view.ts"

/** Reads a number that may be missing. */
export const orNull = (value: string | number | null) => (value === null ? null : toNumber(value))

/** The port's form of a progress row. An expansion without a window (an unmapped task) has room for one. */
export function toProgress(row: ProgressRow): ExpansionProgress {
  return {
    state: row.state,
    isPullingPaused: row.isPullingPaused,
    window: row.window ?? 1,
    pageSize: row.pageSize ?? 1,
    pageBytesMax: toNumber(row.pageBytesMax ?? 0),
    maxItems: orNull(row.maxItems),
    created: toNumber(row.created),
    finished: toNumber(row.finished),
    consumed: orNull(row.consumed),
  }
}

/** The port's form of a due expansion. */
export function toDue(row: DueRow): DueExpansion {
  return {
    expansionId: row.expansionId,
    dagRunId: row.dagRunId,
    taskId: row.taskId,
    kind: row.kind,
    state: row.state,
    seq: row.seq,
    triggerRule: row.triggerRule,
    upstream: {
      total: row.upstreamTotal,
      opened: row.upstreamOpened,
      success: row.upstreamSuccess,
      failed: row.upstreamFailed,
      skipped: row.upstreamSkipped,
      upstreamFailed: row.upstreamUpstreamFailed,
      setups: row.upstreamSetups,
      setupSuccess: row.upstreamSetupSuccess,
      setupSkipped: row.upstreamSetupSkipped,
    },
    gates: { left: row.gatesLeft, skips: row.gateSkips, fails: row.gateFails },
    gate: row.gate === null ? null : { gate: row.gate, result: row.result },
    isLeaf: row.isLeaf,
    exhausted: row.exhausted,
    streamFailure: row.streamFailure,
    hasRepairs: row.hasRepairs,
    toleratedFailures: row.toleratedFailures,
    isStopped: row.isStopped,
    now:
      row.failedNow === null || row.endedNow === null
        ? null
        : { failed: toNumber(row.failedNow), ended: toNumber(row.endedNow) },
    created: toNumber(row.created),
    success: toNumber(row.success),
    failed: toNumber(row.failed),
    skipped: toNumber(row.skipped),
    upstreamFailed: toNumber(row.upstreamFailedInstances),
  }
}

/** The port's form of a claimed lease. */
export function toLease(row: HeldRow): Lease {
  return {
    ...row,
    firstIndex: toNumber(row.firstIndex),
    indexes: row.indexes === null ? null : row.indexes.map(toNumber),
    recorded: row.recorded === null ? [] : row.recorded.map(toNumber),
  }
}

/** The port's form of an expansion as people see it. */
export function toExpansionView(row: ExpansionViewRow): ExpansionView {
  return {
    ...row,
    ordinal: toNumber(row.ordinal),
    window: orNull(row.window),
    pageSize: orNull(row.pageSize),
    concurrency: orNull(row.concurrency),
    pulls: toNumber(row.pulls),
    pages: toNumber(row.pages),
    created: toNumber(row.created),
    duplicates: toNumber(row.duplicates),
    running: toNumber(row.running),
    success: toNumber(row.success),
    failed: toNumber(row.failed),
    skipped: toNumber(row.skipped),
    upstreamFailed: toNumber(row.upstreamFailed),
    retrying: toNumber(row.retrying),
    deferred: toNumber(row.deferred),
    consumed: orNull(row.consumed),
    pullFailures: toNumber(row.pullFailures),
    pullsAtFirstSuccess: orNull(row.pullsAtFirstSuccess),
    unfinishedPeak: toNumber(row.unfinishedPeak),
  }
}

/** The port's form of a task instance as people see it. */
export function toInstance(row: TaskInstanceRow): TaskInstanceView {
  return { ...row, mapIndex: toNumber(row.mapIndex) }
}
