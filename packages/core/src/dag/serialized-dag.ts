import type { WeightRule } from "./weight.ts"
import type { Json } from "../json.ts"
import type { JsonObject } from "./json-object.ts"
import type { SerializedPlanning } from "../time/timetable.ts"
import type { FailureTolerance } from "../state/failure-tolerance.ts"
import type { Gate } from "../state/gate.ts"
import type { TriggerRule } from "../state/trigger-rule.ts"

/**
 * A DAG as the database knows it: its shape and its bounds, without code.
 *
 * The functions stay in the bundle, where a host finds them by dag id and task id. Tasks are in topological order;
 * a task's `ordinal` is its place in that order, from 0, and with it part of the expansion's id.
 */
export interface SerializedDag {
  readonly dagId: string
  /** When runs are made, for people. */
  readonly schedule: string | null
  readonly planning: SerializedPlanning
  /** What the schedule waits for and the tasks make, by name. */
  readonly assets: readonly SerializedAsset[]
  /** The names of those that the schedule waits for. */
  readonly awaited: readonly string[]
  readonly description: string | null
  readonly tags: readonly string[]
  /** When its file is parsed anew. */
  readonly parse: ParseMode
  /** How long a run may take before it is failed; null: for ever. */
  readonly runTimeoutMs: number | null
  readonly paramsSchema: Json | null
  readonly tasks: readonly SerializedTask[]
  /** In the order in which they were called. */
  readonly groups: readonly SerializedGroup[]
  /** In topological order. */
  readonly loops: readonly SerializedLoop[]
  readonly edges: readonly SerializedEdge[]
}

/** When the file of a DAG is parsed anew: when it or what it imports changes, or also for every run that is made. */
export type ParseMode = "on-change" | "every-run"

/** An asset as a DAG version knows it. */
export interface SerializedAsset {
  readonly name: string
  readonly uri: string
  readonly group: string
  readonly extra: JsonObject
}

/** A task group. */
export interface SerializedGroup {
  readonly groupId: string
  /** The group around it; null: none. */
  readonly parent: string | null
}

/**
 * A task group that runs again and again. Its way back is no edge, so that edges lead downstream: what `iterations` gives
 * next is what `ends` have left.
 */
export interface SerializedLoop {
  /** The id of its group. */
  readonly loopId: string
  /** The task id of its source, which has an item for each iteration. */
  readonly iterations: string
  /** The tasks that run in each iteration, each a map. */
  readonly body: readonly string[]
  /** Those that an iteration waits for; the first is the one that it results in. */
  readonly ends: readonly string[]
  readonly maxIterations: number
}

export interface SerializedTask {
  readonly taskId: string
  /** The group that it is directly in; null: none. */
  readonly groupId: string | null
  readonly ordinal: number
  /**
   * `task`: one instance, map index -1. `mapped`: one instance for each item of its stream. `source`: its pages are
   * stored once and read by every consumer. `fused`: a source read by exactly one mapped task, which pulls it
   * itself, so that its items are stored only as that task's inputs.
   */
  readonly kind: "task" | "mapped" | "source" | "fused"
  readonly triggerRule: TriggerRule
  readonly retries: number
  /** Milliseconds before the first retry; later ones wait `retryBackoff` times longer each, up to `retryDelayMaxMs`. */
  readonly retryDelayMs: number
  readonly retryBackoff: number
  readonly retryDelayMaxMs: number
  /** Execution timeout of one attempt in milliseconds; null: none. For sources: of one page. */
  readonly timeoutMs: number | null
  /** As the author gave it. */
  readonly priority: number
  readonly weightRule: WeightRule
  /** By which it is claimed, larger first: see `weightsOf`. */
  readonly weight: number
  /** The most instances of this task that run at once within one run; null: as many as the workers have slots. */
  readonly concurrency: number | null
  /** The most instances of this task that run at once over all runs of the DAG; null: no limit. */
  readonly dagConcurrency: number | null
  /** The most instances of this task that may be deferred at once within one run; null: no limit. */
  readonly deferredMax: number | null
  readonly pool: string
  readonly poolSlots: number
  /** The names of the assets that it makes. */
  readonly outlets: readonly string[]
  /** The task ids whose XCom values the task needs as constants (plain inputs and `partial`). */
  readonly xcomInputs: readonly string[]
  readonly mapping: SerializedMapping | null
  /** What its end says of tasks below it; null: nothing that their trigger rules do not say. */
  readonly gate: Gate | null
  /** Of how many gates it is a target. */
  readonly gatesAbove: number
  /** `setup`: makes what work needs. `teardown`: undoes it, however the work ended. */
  readonly setupTeardown: "setup" | "teardown" | null
  /** Whether its failure fails the run: of leaves, teardowns aside that do not ask for it. */
  readonly decidesRun: boolean
}

/** How a mapped task or a shared source is unrolled. For `source` tasks only the bounds matter. */
export interface SerializedMapping {
  readonly kind: "iterate" | "expand"
  /** The most map indexes that may exist unfinished, and, in a chain, not yet consumed. */
  readonly window: number
  readonly pageSize: number
  readonly pageBytesMax: number
  /** The most items the expansion may ever have; more is an error. null: no end is foreseen. */
  readonly maxItems: number | null
  readonly paused: boolean
  /** How many failures the map goes on with; null: any number. */
  readonly toleratedFailures: FailureTolerance | null
  /** What the stream reads, in pipeline order. A task id appears once. */
  readonly leaves: readonly SerializedLeaf[]
  /** The operators between leaves and task, for people ("filter", "map"). */
  readonly operators: readonly string[]
  /** Whether a function of the author's gives each item a key; items whose key came before are dropped. */
  readonly isKeyed: boolean
  /** Whether a function of the author's gives each item a label. */
  readonly isLabelled: boolean
  /** False: the results that it reads are taken page by page as they are completed. */
  readonly isOrdered: boolean
  /**
   * True when items pass from the single leaf to the task unchanged, without key or label: no user code, no host is
   * needed to pull.
   */
  readonly isDirect: boolean
}

/**
 * `fused`: a source task pulled by this expansion. `stream`: the stored items of a mapped task or a shared source.
 * `xcom`: a list returned by an unmapped task. `list`: a list known in the DAG file.
 */
export type SerializedLeaf =
  | { readonly kind: "fused"; readonly taskId: string }
  | { readonly kind: "stream"; readonly taskId: string }
  | { readonly kind: "xcom"; readonly taskId: string }
  | { readonly kind: "list" }

export interface SerializedEdge {
  readonly upstream: string
  readonly downstream: string
  /**
   * `complete`: the downstream waits until the upstream has ended (a value, a reduce, or order alone).
   * `stream`: the downstream starts when the upstream has started, and reads it page by page.
   */
  readonly kind: "complete" | "stream"
  /**
   * For stream edges: whether the upstream's window also counts what this consumer has not taken yet. False where
   * the consumer itself waits for the upstream's end along another path, which would block both for ever.
   */
  readonly holdsBack: boolean
}
