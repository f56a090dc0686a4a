import type { Asset } from "./asset.ts"
import type { TriggerRule } from "../state/trigger-rule.ts"
import type { WeightRule } from "./weight.ts"

/**
 * What a task does when its options do not say. Retries, delays, priority and the pool's name are Airflow's
 * defaults, so that a ported DAG behaves as it did.
 */
export const taskDefaults = {
  triggerRule: "all_success" as TriggerRule,
  retries: 0,
  retryDelayMs: 5 * 60_000,
  /** 1: every retry waits as long as the first. */
  retryBackoff: 1,
  retryDelayMaxMs: 24 * 3_600_000,
  /** null: an attempt may take as long as it likes. */
  timeoutMs: null as number | null,
  priority: 1,
  weightRule: "absolute" as WeightRule,
  /** null: as many at once as the workers have slots. */
  concurrency: null as number | null,
  /** null: as many at once as the workers have slots. */
  dagConcurrency: null as number | null,
  /** null: any number may be deferred at once. */
  deferredMax: null as number | null,
  pool: "default_pool",
  poolSlots: 1,
  outlets: [] as readonly Asset[],
}

/** What an expansion does when neither `iterate` nor the source it pulls says. */
export const mapDefaults = {
  window: 1_000,
  /** Never more than the window. */
  pageSize: 500,
  pageBytesMax: 16 * 1024 * 1024,
  /** null: no end is foreseen. */
  maxItems: null as number | null,
  paused: false,
}

/** What a loop does when its options do not say. */
export const loopDefaults = {
  maxIterations: 100,
  onLimit: "fail" as "fail" | "succeed",
  /** Milliseconds between two iterations. */
  delayMs: 0,
}

/** The most iterations that a loop may be given. */
export const loopIterationsMax = 1_000_000

/** The most tasks one DAG may have: checks, ordinals and the graph view are made for this many. */
export const tasksPerDagMax = 4_096

/** The longest DAG or task id, as in Airflow. */
export const idLengthMax = 250

/** The longest name of an asset, in characters: with their four bytes each they still fit into an entry of an index. */
export const assetNameLengthMax = 512

/** The most assets that one DAG waits for and makes, and the most outlets of one task. */
export const assetsPerDagMax = 500
export const outletsMax = 100

/** The largest extra of an asset event, as JSON in UTF-8. */
export const assetExtraBytesMax = 64 * 1024

/** The largest count an option takes: an `integer` of Postgres, and as milliseconds what `setTimeout` can wait. */
export const integerMax = 2_147_483_647

/** The longest key of an item, in characters: with their four bytes each they still fit into an entry of an index. */
export const itemKeyCharsMax = 512

/** Characters kept of an item's label. */
export const labelCharsMax = 250

/** The most tasks over which the branches, short circuits and setups of one DAG decide in sum, each counted for each. */
export const gateTargetsMax = 100_000
