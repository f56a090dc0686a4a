import type { Json } from "../json.ts"
import type { Connection } from "../dag/connection.ts"
import type { SerializedDag } from "../dag/serialized-dag.ts"
import type { AssetEvent } from "../dag/task-context.ts"
import type { IndexRange } from "../index-ranges.ts"
import type { TriggerSpec } from "../dag/trigger-spec.ts"

/**
 * The port to the processes in which user code runs. `@sluice/host` implements it with child processes; tests
 * implement it in memory.
 *
 * Values cross it as text in the value codec's form (`@sluice/host/codec`): the engine passes them on unread.
 */
export interface HostPool {
  /**
   * Runs the instances of one lease. Outcomes come in batches through `onBatch` while it runs; the promise settles
   * after the last batch. Aborting `signal` aborts the signal of each running instance; what has not ended
   * `abortGraceMs` later costs the host its life; an instance that throws after its abort has no outcome. Rejects with `HostLost` when the host died: whatever had no
   * outcome by then has none.
   */
  run(options: {
    readonly context: ExecutionContext
    readonly work: LeaseWork
    readonly onBatch: (batch: OutcomeBatch) => void
    readonly reader: EncodedReader
    readonly signal: AbortSignal
  }): Promise<void>

  /**
   * Pulls one page of the stream that the mapped task (or shared source) of `context` iterates. The pipeline stays
   * open in its host between pulls; pulled again with the cursor it returned last, it goes on, with any other cursor it is
   * re-opened there. Rejects with `PullFailed` or `HostLost`.
   */
  pull(options: {
    readonly context: ExecutionContext
    readonly request: PullRequest
    readonly reader: EncodedReader
    readonly signal: AbortSignal
  }): Promise<PulledPage>

  /**
   * Runs a user-defined trigger until its first event, beside many others in one host; or alone and for a short while, where it is suspected of
   * killing hosts. Aborting `signal` aborts the generator's; what has not ended `abortGraceMs` later costs the host its life.
   * Rejects with `HostLost`.
   */
  runTrigger(options: {
    readonly context: ExecutionContext
    readonly work: TriggerWork
    readonly onLogs: (entries: readonly LogEntry[]) => void
    readonly signal: AbortSignal
  }): Promise<TriggerEnd>

  /** Starts hosts ahead of the first work, so that it does not wait for them. A hint: it may do nothing. */
  warm(): void

  /** Closes the pipeline that `pull` keeps open for this context, running its `finally` blocks. */
  closeStream(contextId: string): Promise<void>

  /**
   * Evaluates a bundle in a limited child, and says which DAGs it defines. What it captured meanwhile is in the bundle that
   * comes back. `folder` is where its file lies. Rejects with `BundleRejected`.
   */
  describe(bundle: Bundle, options?: { readonly folder?: string }): Promise<DescribedBundle>

  /** Ends all hosts: aborts what runs, waits for `graceMs`, then kills. */
  close(options: { readonly graceMs: number }): Promise<void>
}

/** A DAG file with all that it imports, as one ES module. The hash names the code, and what was captured. */
export interface Bundle {
  readonly hash: string
  readonly code: string
  readonly sourceMap: string | null
  /** What the file read when it was parsed; absent: nothing. */
  readonly captured?: CapturedValues
}

/** Values by their names: JSON text in the value codec's form. */
export type CapturedValues = Readonly<Record<string, string>>

/** A bundle that was evaluated: what it defines, and what it read meanwhile. */
export interface DescribedBundle {
  readonly dags: readonly SerializedDag[]
  readonly bundle: Bundle
}

/** What a host must know once about the expansion whose instances or pages it runs. */
export interface ExecutionContext {
  /** The expansion's id. */
  readonly contextId: string
  readonly bundleHash: string
  /** What `structureHash` gives of the DAG's version: code that gives another one is not run. null: it is not known. */
  readonly structure: string | null
  readonly dagId: string
  readonly taskId: string
  readonly runId: string
  readonly logicalDate: string | null
  readonly dataIntervalStart: string | null
  readonly dataIntervalEnd: string | null
  readonly params: Json
  /** Attempts an instance may have in all: retries + 1. */
  readonly triesMax: number
  readonly timeoutMs: number | null
  /** The encoded values of the task's `xcomInputs`, by task id. */
  readonly xcoms: Readonly<Record<string, string>>
}

export interface LeaseWork {
  readonly leaseId: string
  /** The map index of the first instance; -1 for an unmapped task. */
  readonly firstIndex: number
  readonly count: number
  /** The map indexes, ascending, where they do not follow each other; null: from `firstIndex` on. */
  readonly indexes: readonly number[] | null
  /** The encoded inputs as one JSON array text of `count` elements; null for an unmapped task. */
  readonly items: string | null
  /** Map indexes of the range that must not run: their outcome is recorded already. Ascending. */
  readonly recorded: readonly number[]
  readonly tryNumber: number
  /**
   * For each of the instances, in their order: the JSON text of a `ResumePayload`, where it goes on after its event; null:
   * it starts. null: all of them start.
   */
  readonly resumes: readonly (string | null)[] | null
  /** The most instances of this lease that may run at once. */
  readonly concurrency: number
  /** True when nothing else may run in the host meanwhile: an instance is suspected of killing hosts. */
  readonly isolated: boolean
}

/** A user-defined trigger, and the instance that waits for it. */
export interface TriggerWork {
  readonly name: string
  /** JSON text in the value codec's form. */
  readonly args: string
  readonly mapIndex: number
  readonly tryNumber: number
  /** True when nothing else may run in the host meanwhile. */
  readonly isolated: boolean
}

/** How a user-defined trigger ended: with an event (encoded), without one, with what it threw, or its trial alone. */
export type TriggerEnd =
  | { readonly kind: "event"; readonly value: string }
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly error: TaskError; readonly isFinal: boolean }
  /** It ran alone for a while, has harmed nobody, and was ended: it may run beside others. */
  | { readonly kind: "tried" }

/**
 * How some instances of a lease ended. `indexes` are the map indexes of the successes in ascending order, or null
 * when it is every one of the lease that is not in `recorded` or `others`; `values` is their encoded results as one
 * JSON array text in that order.
 */
export interface OutcomeBatch {
  readonly leaseId: string
  readonly indexes: readonly number[] | null
  readonly values: string
  readonly others: readonly OtherOutcome[]
  /** Milliseconds from the lease's start in the host to each success's start and end, or null when all took too little to tell. */
  readonly timings: { readonly startedMs: readonly number[]; readonly endedMs: readonly number[] } | null
  readonly xcoms: readonly PushedXCom[]
  /** Of instances whose success this batch has. */
  readonly assetEvents: readonly EmittedAssetEvent[]
  readonly logs: readonly LogEntry[]
  /** The sum of the milliseconds that the instances of this batch took each, for the size of the next lease. */
  readonly busyMs: number
}

/** An instance that did not succeed. `isFinal` means user code asked for no retry. */
export type OtherOutcome =
  | {
      readonly mapIndex: number
      readonly kind: "failed"
      readonly error: TaskError
      readonly isFinal: boolean
      readonly startedMs: number
      readonly endedMs: number
    }
  | {
      readonly mapIndex: number
      readonly kind: "skipped"
      readonly reason: string | null
      readonly startedMs: number
      readonly endedMs: number
    }
  | {
      readonly mapIndex: number
      readonly kind: "deferred"
      readonly deferral: Deferral
      readonly startedMs: number
      readonly endedMs: number
    }

/** What an instance that deferred waits for, and how it goes on then. */
export interface Deferral {
  readonly trigger: TriggerSpec
  /** The name of the resume point. */
  readonly resume: string
  /** The state that the task keeps for itself: JSON text in the value codec's form. */
  readonly state: string
  /** How long may be waited; null: for ever. */
  readonly timeoutMs: number | null
}

/** What is kept of a thrown value. `stack` points into the author's source, through the bundle's source map. */
export interface TaskError {
  readonly type: string
  readonly message: string
  readonly stack: string | null
}

export interface PushedXCom {
  readonly mapIndex: number
  readonly key: string
  readonly value: string
}

/** What an instance has made of an asset. */
export interface EmittedAssetEvent {
  readonly mapIndex: number
  /** The asset's name. */
  readonly asset: string
  /** JSON text of an object. */
  readonly extra: string
}

export interface LogEntry {
  /** The instance that logged; null for a page pull or code outside any instance. */
  readonly mapIndex: number | null
  readonly tryNumber: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly level: "debug" | "info" | "warning" | "error"
  readonly message: string
  readonly fields: Json | null
}

export interface PullRequest {
  /** JSON text of the cursor, or null for the stream's start. */
  readonly cursor: string | null
  readonly pageSize: number
  readonly pageBytesMax: number
}

export interface PulledPage {
  /** Encoded items, one JSON text each. */
  readonly items: readonly (string | PulledGap)[]
  /** The items' keys, in their order and null at a gap; null where the task gives none. */
  readonly keys: readonly (string | null)[] | null
  /** The items' labels; null where the task gives none, or none could be had. */
  readonly labels: readonly (string | null)[] | null
  /** JSON text of the cursor that follows; null: exhausted. */
  readonly next: string | null
  readonly waiting: boolean
  /** Beside `next: null`, where the stream says how it can be gone on from; see `StreamEnd`. A cursor is JSON text. */
  readonly end: { readonly resume: string } | { readonly stoppedBy: string } | null
  readonly logs: readonly LogEntry[]
}

/** The place of an upstream instance that left no value, with its index there where it is known. */
export interface PulledGap {
  readonly gap: "upstream_failed" | "skipped"
  readonly index?: number
}

/** Answers a host's reads of what other tasks of the run have left, in encoded form. */
export interface EncodedReader {
  readStream(options: {
    readonly taskId: string
    readonly fromIndex: number
    readonly ahead?: readonly IndexRange[]
    readonly limit: number
  }): Promise<{
    readonly items: readonly (string | { readonly gap: "upstream_failed" | "skipped" })[]
    readonly nextIndex: number
    readonly ahead?: readonly IndexRange[]
    readonly exhausted: boolean
  }>
  readXCom(options: {
    readonly taskId: string
    readonly key?: string
    readonly mapIndex?: number
  }): Promise<string | null>
  /** Some of the events of assets that the run was made for, oldest first; fewer than `limit`: these were the last. */
  readAssetEvents(options: {
    readonly skip: number
    readonly limit: number
  }): Promise<readonly ReadAssetEvent[]>
  /** A variable's value; null: there is none. Absent where there is no vault. */
  readVariable?(key: string): Promise<string | null>
  readConnection?(id: string): Promise<Connection | null>
}

/** An event of an asset as it goes to a host: an `AssetEvent` whose time is text. */
export type ReadAssetEvent = Omit<AssetEvent, "at"> & { readonly at: string }

/** The process that ran user code is gone: it exited, was killed for hanging, or ran out of memory. */
export class HostLost extends Error {
  override readonly name = "HostLost"
  /** Why, in a sentence for the one who wrote the task. */
  readonly reason: string
  /** True when a single instance ran in the host, and nothing else. */
  readonly wasAlone: boolean
  /** Milliseconds from the start of the lease, or the pull, to the loss. */
  readonly afterMs: number
  /**
   * The map indexes of the lease one of which cost the host its life: they had started, and not ended as far as the host
   * could tell. An isolated lease tells each start before it, so there it is exact up to an instance that had just ended.
   * Otherwise it is known only when the host itself could say why it ended (`process.exit`, an uncaught exception, a
   * timeout that was ignored), or another call was why; empty then: none of this lease. Undefined: not known, any without
   * an outcome may be why. Of a pull it is empty or undefined.
   */
  readonly running: readonly number[] | undefined
  constructor(
    reason: string,
    options: { wasAlone: boolean; afterMs: number; running?: readonly number[] | undefined },
  ) {
    super(reason)
    this.reason = reason
    this.wasAlone = options.wasAlone
    this.afterMs = options.afterMs
    this.running = options.running
  }
}

/** A page could not be pulled. */
export class PullFailed extends Error {
  override readonly name = "PullFailed"
  readonly error: TaskError
  /** The source that threw; null when the pipeline's own functions did. */
  readonly leafTaskId: string | null
  /** False for what another try cannot mend: a page of the wrong shape, over the byte limit, `FailWithoutRetry`. */
  readonly retryable: boolean
  readonly logs: readonly LogEntry[]
  constructor(options: {
    error: TaskError
    leafTaskId: string | null
    retryable: boolean
    logs: readonly LogEntry[]
  }) {
    super(options.error.message)
    this.error = options.error
    this.leafTaskId = options.leafTaskId
    this.retryable = options.retryable
    this.logs = options.logs
  }
}

/** A DAG file could not be loaded: it threw, defines no DAG, took too long or too much memory. */
export class BundleRejected extends Error {
  override readonly name = "BundleRejected"
  readonly error: TaskError
  constructor(error: TaskError) {
    super(error.message)
    this.error = error
  }
}
