import type { SerializedTask } from "../dag/serialized-dag.ts"
import type { TaskError } from "../host/host-pool.ts"
import { type ExpansionState, isFinalExpansionState } from "../state/expansion.ts"
import type { FailureTolerance } from "../state/failure-tolerance.ts"
import type { EventName } from "./control-store.ts"
import { NotAllowed } from "./errors.ts"

/** What can be changed of a map while it runs; what is left out stays as it is. */
export interface MapChange {
  /** Nothing more is pulled; what exists goes on. */
  readonly isPullingPaused?: boolean
  /** Nothing more is claimed; what is leased ends. */
  readonly isRunningPaused?: boolean
  /** The most map indexes that may exist unfinished. One that is exceeded already stops pulling until it is not. */
  readonly window?: number
  /** The most items asked of the stream at once; never more than the window. */
  readonly pageSize?: number
  /** The most instances at once; null: as many as the workers have slots. */
  readonly concurrency?: number | null
  /** How many failures it goes on with; null: any number. */
  readonly toleratedFailures?: FailureTolerance | null
}

type Kind = SerializedTask["kind"]

/** What a change is about to be done to. */
export interface MapTarget {
  readonly taskId: string
  readonly kind: Kind
  readonly state: ExpansionState
}

const ofInstances = ["isRunningPaused", "concurrency", "toleratedFailures"] as const

/** The kinds of task that a change can be done to. A shared source has pages, and no instances. */
export function kindsFor(change: MapChange): readonly Kind[] {
  return ofInstances.some((name) => change[name] !== undefined) ? ["mapped"] : ["mapped", "source"]
}

/** Why a change cannot be done; null: it can. */
export function mapRefusal(target: MapTarget, change: MapChange): NotAllowed | null {
  const reason = kindRefusal(target, change) ?? stateRefusal(target)
  if (reason === null) return null
  return new NotAllowed({ what: `task "${target.taskId}"`, state: target.state, message: reason })
}

function kindRefusal({ taskId, kind }: MapTarget, change: MapChange): string | null {
  if (kindsFor(change).includes(kind)) return null
  switch (kind) {
    case "fused":
      return `source "${taskId}" is pulled by the one map that reads it. Fix: change that map`
    case "source":
      return `source "${taskId}" has no instances. Expected a change of what is pulled: pause pulling, window, page size`
    default:
      return `task "${taskId}" is not mapped. Expected a task of iterate() or expand(), or a shared source`
  }
}

function stateRefusal({ taskId, state }: MapTarget): string | null {
  if (!isFinalExpansionState(state)) return null
  return `map "${taskId}" has ended (${state}). Expected one that is waiting, open or draining`
}

/** Why a map has no more instances once it was cancelled by hand. */
export function cancelledByHand(actor: string): TaskError {
  return { type: "MapCancelled", message: `cancelled by ${actor}`, stack: null }
}

/** What a change is called in the event log. */
export function mapEventName({ isPullingPaused, isRunningPaused }: MapChange): EventName {
  const pause = isPullingPaused ?? isRunningPaused
  if (pause === undefined) return "map_changed"
  return pause ? "map_paused" : "map_resumed"
}
