// What a worker and its host say to each other over the IPC channel, in order and at most once. On the happy path a
// lease costs one message each way. A bundle and a context go over once and are referred to by hash and id.

import type { SerializedDag } from "@sluice/core/dag"
import type { IndexRange } from "@sluice/core/stream"
import type {
  Bundle,
  CapturedValues,
  ExecutionContext,
  LeaseWork,
  LogEntry,
  OutcomeBatch,
  PulledPage,
  PullRequest,
  TaskError,
  TriggerEnd,
  TriggerWork,
} from "./port.ts"

/** What the parent tells a host. */
export type ToHost =
  | { readonly kind: "bundle"; readonly bundle: Bundle }
  | { readonly kind: "context"; readonly context: ExecutionContext }
  | { readonly kind: "forget"; readonly contextId: string }
  | { readonly kind: "run"; readonly callId: number; readonly contextId: string; readonly work: LeaseWork }
  | {
      readonly kind: "pull"
      readonly callId: number
      readonly contextId: string
      readonly request: PullRequest
    }
  | {
      readonly kind: "trigger"
      readonly callId: number
      readonly contextId: string
      readonly work: TriggerWork
    }
  | { readonly kind: "abort"; readonly callId: number; readonly reason: string }
  | { readonly kind: "closeStream"; readonly callId: number; readonly contextId: string }
  | {
      readonly kind: "describe"
      readonly callId: number
      readonly bundle: Bundle
      readonly folder: string | null
    }
  | ReadReply
  | { readonly kind: "ping" }
  | { readonly kind: "shutdown" }

/** The answer to a `read`, or why there is none. */
export type ReadReply =
  | { readonly kind: "readReply"; readonly readId: number; readonly answer: unknown }
  | { readonly kind: "readFailed"; readonly readId: number; readonly message: string }

/** What a host tells its parent. */
export type FromHost =
  | { readonly kind: "ready" }
  | CallMessage
  | { readonly kind: "pong"; readonly rssBytes: number }
  /** The host is about to end, and this call is why. */
  | { readonly kind: "blamed"; readonly callId: number }
  /** The host cannot go on; it exits by itself, or asks to be killed when an instance holds on to it. */
  | { readonly kind: "dying"; readonly reason: string }

/** A message that belongs to one call of the parent. */
export type CallMessage =
  | {
      readonly kind: "batch"
      readonly callId: number
      readonly batch: OutcomeBatch
      readonly isLast: boolean
    }
  /**
   * Instances of a lease run. `indexes` says which, where each start is told, or the host knows that it is about to end;
   * null says only that they have begun, which starts the watch over a lease with a timeout.
   */
  | { readonly kind: "running"; readonly callId: number; readonly indexes: readonly number[] | null }
  | { readonly kind: "pulled"; readonly callId: number; readonly page: PulledPage }
  | {
      readonly kind: "pullFailed"
      readonly callId: number
      readonly error: TaskError
      readonly leafTaskId: string | null
      readonly retryable: boolean
      readonly logs: readonly LogEntry[]
    }
  | { readonly kind: "triggerLogs"; readonly callId: number; readonly logs: readonly LogEntry[] }
  | { readonly kind: "triggerEnded"; readonly callId: number; readonly end: TriggerEnd }
  | { readonly kind: "closed"; readonly callId: number }
  | {
      readonly kind: "described"
      readonly callId: number
      readonly dags: readonly SerializedDag[]
      readonly captured: CapturedValues
    }
  | { readonly kind: "rejected"; readonly callId: number; readonly error: TaskError }
  | { readonly kind: "read"; readonly callId: number; readonly readId: number; readonly ask: ReadAsk }

/** What a host wants to read of what other tasks have left. */
export type ReadAsk =
  | {
      readonly of: "stream"
      readonly taskId: string
      readonly fromIndex: number
      readonly limit: number
      readonly ahead?: readonly IndexRange[]
    }
  | { readonly of: "xcom"; readonly taskId: string; readonly key?: string; readonly mapIndex?: number }
  | { readonly of: "variable"; readonly key: string }
  | { readonly of: "connection"; readonly id: string }
  | { readonly of: "asset_events"; readonly skip: number; readonly limit: number }

/** How a host was started: handed to it in its environment as JSON, under `hostSettingsVariable`. */
export interface HostSettings {
  readonly resultBytesMax: number
  readonly abortGraceMs: number
}

/** The environment variable that carries `HostSettings`; the host deletes it before user code runs. */
export const hostSettingsVariable = "SLUICE_HOST_SETTINGS"
