import type { Effect } from "effect"
import type { TriggerSpec } from "../dag/trigger-spec.ts"
import type { StoreError } from "./errors.ts"

/** A limit on what runs at once, and how much of it is taken. */
export interface LimitUse {
  readonly max: number
  readonly used: number
}

/** What a deferred instance waits for, as people see it. */
export interface DeferralView {
  readonly trigger: TriggerSpec
  /** The resume point at which it goes on. */
  readonly resume: string
  readonly since: Date
  /** When it fires by itself; null: something has to happen. */
  readonly firesAt: Date | null
  /** When it is given up; null: never. */
  readonly timeoutAt: Date | null
  /** The engine that watches it; null: none has taken it yet, or nobody has to. */
  readonly triggererId: string | null
}

/** A deferred instance by its names, and what it waits for. */
export interface DeferralRow extends DeferralView {
  readonly triggerId: string
  readonly dagId: string
  readonly runId: string
  readonly taskId: string
  readonly mapIndex: number
  readonly tryNumber: number
  /** Its run is cancelled: it fires when that is taken up again. */
  readonly isParked: boolean
}

/** An instance of a task of the same run. */
export interface InstancePosition {
  readonly ordinal: number
  readonly mapIndex: number
}

/** What is known of one instance that has not begun, or goes on later: all that may stand in its way. */
export interface InstanceWait {
  /** It was offered by itself, to be claimed from then on: for its next try, or with its event; null: it was not. */
  readonly offeredAt: Date | null
  readonly deferral: DeferralView | null
  /** The upstream instance that runs again, and from which it gets a new input. */
  readonly repairOf: InstancePosition | null
  /** The upstream instance that left it no value, where that was noted since indexes do not tell. */
  readonly gapOf: InstancePosition | null
  /** How full the limits are that are set, the pool aside. */
  readonly limits: {
    /** Of the task in its run. */
    readonly concurrency: LimitUse | null
    /** Of instances of the task that are deferred, or run and may yet be. */
    readonly deferred: LimitUse | null
    /** Of the task over all runs of its DAG. */
    readonly dagConcurrency: LimitUse | null
    /** Of all tasks of the run. */
    readonly maxActiveTasks: LimitUse | null
  }
}

/** What stands in the way of instances, for people. */
export interface WaitStore {
  /** What is known of one instance's waiting: costs the leases of what shares its limits, never what has ended. */
  readonly instanceWait: (options: {
    expansionId: string
    mapIndex: number
  }) => Effect.Effect<InstanceWait, StoreError>
  /** What deferred instances wait for, those that were deferred first before the others, after a trigger. */
  readonly listDeferrals: (options: {
    /** The trigger that was seen last; null: from the first. */
    after: string | null
    limit: number
  }) => Effect.Effect<readonly DeferralRow[], StoreError>
}
