import type { JsonObject } from "../../dag/json-object.ts"
import type { SerializedAsset, SerializedEdge, SerializedTask } from "../../dag/serialized-dag.ts"
import type { Bundle, Deferral, LogEntry, TaskError } from "../../host/host-pool.ts"
import type { FailureTolerance } from "../../state/failure-tolerance.ts"
import type { ExpansionState } from "../../state/expansion.ts"
import type { GateCounts, GateVerdict } from "../../state/gate.ts"
import type { RecordedState } from "../../state/task-instance.ts"
import type { UpstreamCounts } from "../../state/trigger-rule.ts"
import type { AssetEventRow } from "../asset-store.ts"
import type { DagFileKey, DagFileRow } from "../dag-file-store.ts"
import type { PlannedRun } from "../../time/plan.ts"
import type { SerializedPlanning } from "../../time/timetable.ts"
import type { BackfillDateRow, BackfillRow } from "../backfill-store.ts"
import type { DagVersion } from "../definition-store.ts"
import type { StreamResume } from "../expansion-store.ts"
import type { ApiTokenRow, UserCredentials } from "../identity-store.ts"
import { defaultPool, type PoolSettings } from "../pool-store.ts"
import type { EventRow } from "../control-store.ts"
import type { RoleRow, TaskTryRow } from "../read-store.ts"
import type { DagRunRow } from "../run-store.ts"
import type { ConnectionRow, VariableRow } from "../vault-store.ts"

/*
 * What the memory store holds: the tables of the database as objects that point at each other. Nothing here waits, so a
 * verb that runs to its end without yielding is atomic. Instants are milliseconds of the store's own clock.
 */

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** How ended instances ended. */
export interface OutcomeCounts {
  success: number
  failed: number
  skipped: number
  upstreamFailed: number
}

/** A DAG with its versions; `current` is the one registered last. */
export interface DagRecord {
  readonly versions: Map<string, DagVersion>
  current: DagVersion
  /** The file that a DAG processor has it from. */
  file?: DagFileKey
  isStale: boolean
  isPaused: boolean
  /** Limits that were set by hand; null: as the newest version says. */
  readonly limits: { maxActiveRuns: number | null; maxActiveTasks: number | null }
  readonly createdAt: Date
  /** Which processor parses its file for runs that wait, and until when nobody else does. */
  readonly parseClaim: { by: string | null; until: number }
  readonly plan: PlanRecord
  readonly awaited: AwaitedRecord
}

/** What a DAG has been told of the assets that it waits for. */
export interface AwaitedRecord {
  seq: number
  /** Whether what it waits for may be there. */
  isDue: boolean
  /** By the asset's name. */
  readonly queue: Map<string, { events: AssetEventRecord[]; readonly createdAt: number }>
}

/** An asset; who waits for it and makes it is read from the DAGs. */
export interface AssetRecord extends SerializedAsset {
  readonly id: string
  readonly createdAt: number
  readonly updatedAt: number
}

/** An event, and the runs that were made for it. */
export interface AssetEventRecord {
  readonly id: string
  readonly asset: string
  readonly at: number
  readonly extra: JsonObject
  readonly source: AssetEventRow["source"]
  readonly runs: RunRecord[]
}

/** How far the scheduled runs of a DAG have been made. */
export interface PlanRecord {
  /** What the plan follows from; null before the first version. */
  planning: SerializedPlanning | null
  since: number
  seq: number
  lastTick: Date | null
  /** Null: to be reckoned, if `runAt` says so. */
  next: PlannedRun | null
  runAt: number | null
}

/** A backfill with its dates; what counts its runs is reckoned. */
export interface BackfillRecord extends Mutable<
  Omit<BackfillRow, "total" | "refused" | "running" | "success" | "failed">
> {
  readonly dates: Mutable<BackfillDateRow>[]
  /** How runs of it ended that were deleted. */
  readonly deleted: { success: number; failed: number }
}

/** Who leads a role. */
export interface LeaderRecord {
  readonly holder: string
  readonly epoch: number
  expiresAt: number
}

/** A run and its expansions, by ordinal. */
export interface RunRecord extends Mutable<Omit<DagRunRow, "isConfLeftOut">> {
  version: DagVersion
  readonly expansions: ExpansionRecord[]
  reopenings: number
}

/** One task in one run. */
export interface ExpansionRecord {
  readonly id: string
  /** The id as a number: what ids are ordered by. */
  readonly order: number
  readonly run: RunRecord
  readonly task: SerializedTask
  readonly edgesOut: readonly SerializedEdge[]
  state: ExpansionState
  seq: number
  readonly upstream: Mutable<UpstreamCounts>
  readonly gates: Mutable<GateCounts>
  /** What it has said of its targets as a gate. */
  verdict: GateVerdict | null
  window: number | null
  pageSize: number | null
  priority: number
  concurrency: number | null
  dagConcurrency: number | null
  /** The limit on all instances of its run. */
  maxActiveTasks: number | null
  isPullingPaused: boolean
  isRunningPaused: boolean
  toleratedFailures: FailureTolerance | null
  /** A success may be one too many: see `needsWatch`. */
  isWatched: boolean
  stopReason: TaskError | null
  /** Cancelled by itself, and not with its run. */
  isCancelled: boolean
  epoch: number
  heldBy: string | null
  heldUntil: number
  cursor: string | null
  /** How to go on from the stream's end; while an extended stream is read, what is left to be skipped. */
  resume: StreamResume
  exhausted: boolean
  pulls: number
  pullFailures: number
  pullAfter: number | null
  streamFailure: "own" | "upstream" | null
  streamError: TaskError | null
  created: number
  duplicates: number
  /** The map index of each key. */
  readonly keys: Map<string, number>
  /** Outcomes of the pages that were folded. */
  folded: OutcomeCounts
  readonly pages: PageRecord[]
  readonly unfolded: Set<PageRecord>
  /** The place in `pages` of the first page that may have room. */
  roomFrom: number
  readonly rows: Map<number, InstanceRow>
  readonly tries: Map<number, TaskTryRow[]>
  readonly xcoms: Map<string, string>
  readonly leases: Set<LeaseRecord>
  readonly offers: Set<Offer>
  /** Those of its deferred instances. */
  readonly triggers: Set<TriggerRecord>
  /** How far this expansion has taken the streams of other tasks, by their ordinal. */
  readonly consumed: Map<number, number>
  openedAt: number | null
  endedAt: number | null
  unfinishedPeak: number
  generation: number
  baseTry: number
  isClearing: boolean
  /** The first index that goes while it is cleared. */
  clearFrom: number
  /** Places that an upstream left empty, by upstream ordinal and index, where the index does not tell. */
  readonly gapOrigins: Map<string, number>
  readonly repairs: Map<string, RepairRecord>
}

/** An instance that follows an upstream instance which is run again. */
export interface RepairRecord {
  readonly upstream: ExpansionRecord
  readonly upstreamIndex: number
  readonly isAligned: boolean
  mapIndex: number | null
  version: number
  failures: number
  at: number
}

/** A page: consecutive indexes that were created together. */
export interface PageRecord {
  readonly expansion: ExpansionRecord
  readonly firstIndex: number
  readonly count: number
  /** Encoded inputs, null at a gap; null for the page of an unmapped task. */
  items: readonly (string | null)[] | null
  readonly keys: readonly (string | null)[] | null
  labels: readonly (string | null)[] | null
  /** Instances from the page's start that have been leased at least once. */
  claimed: number
  readonly counts: OutcomeCounts
  readonly createdAt: number
  firstEndedAt: number | null
  pullsAtFirstEnd: number | null
  /** When it was folded last. */
  foldedAt: number | null
}

/** A row of the item table: an instance that has something to say beyond its page. */
export interface InstanceRow {
  readonly state: RecordedState
  readonly tryNumber: number
  readonly startedAt: number
  readonly endedAt: number
  /** Its result; what it goes on with, while it is `scheduled`. */
  readonly value: string | null
  readonly error: TaskError | null
}

/** A range of one page's instances, with what a lease of it keeps from the one before. */
export interface WorkRange {
  readonly expansion: ExpansionRecord
  readonly page: PageRecord
  readonly firstIndex: number
  readonly count: number
  readonly tryNumber: number
  readonly baseTry: number
  readonly isRetry: boolean
  readonly isIsolated: boolean
}

/** A range that is offered again: a retry, or what a lost lease left. */
export interface Offer extends WorkRange {
  at: number
}

/** What a deferred instance waits for. */
export interface TriggerRecord extends Deferral {
  readonly id: string
  readonly expansion: ExpansionRecord
  readonly page: PageRecord
  readonly mapIndex: number
  readonly tryNumber: number
  readonly baseTry: number
  readonly since: number
  /** When it fires by itself; null: it does not. */
  readonly fireAt: number | null
  readonly timeoutAt: number | null
  /** The triggerer that watches it. */
  owner: string | null
  /** Set while its run is cancelled. */
  isParked: boolean
}

/** A worker's right to a range. */
export interface LeaseRecord extends WorkRange {
  readonly id: string
  readonly workerId: string
  readonly startedAt: number
  readonly waitedMs: number
  expiresAt: number
  remaining: number
  /** Of instances that were each offered by themselves, whatever their pages: the indexes, ascending. */
  readonly indexes: readonly number[] | null
  /** Those of them that have no outcome yet. */
  readonly left: Set<number>
}

/** A stored log line, before it has been given its id as text. */
export interface StoredLog extends LogEntry {
  readonly order: number
}

/** A process of a role. */
export interface RoleRecord extends Pick<RoleRow, "id" | "role" | "engine" | "hostname" | "pid" | "info"> {
  readonly startedAt: number
  readonly heartbeatAt: number
  /** When it counts as dead, unless it is heard of again. */
  readonly expiresAt: number
  diedAt: number | null
}

/** Everything the memory store knows. */
export interface MemoryState {
  readonly now: () => number
  readonly bundles: Map<string, Bundle>
  readonly dags: Map<string, DagRecord>
  readonly dagFiles: Map<string, DagFileRow>
  /** By name. */
  readonly assets: Map<string, AssetRecord>
  readonly assetEvents: AssetEventRecord[]
  /** How many of them DAGs have been told of. */
  assetEventsTaken: number
  readonly versions: Map<string, DagVersion>
  /** In the order of their ids, which deleted ones have left. */
  readonly runs: RunRecord[]
  readonly runsById: Map<string, RunRecord>
  readonly runsByName: Map<string, RunRecord>
  /** How many rows deleted runs have left, by the runs' ids. */
  readonly deletedRuns: Map<string, number>
  /** Runs of deleted DAGs, which are still to be deleted. */
  readonly deletedDagRuns: Set<RunRecord>
  readonly expansions: Map<string, ExpansionRecord>
  /** Expansions that have not ended: all that leases and claims need to look at. */
  readonly unended: Set<ExpansionRecord>
  readonly due: Set<ExpansionRecord>
  /** Pages all of whose instances have ended, and that no fold has counted. */
  readonly foldable: Set<PageRecord>
  readonly leases: Map<string, LeaseRecord>
  readonly triggers: Map<string, TriggerRecord>
  /** Until when each triggerer counts as alive. */
  readonly triggerers: Map<string, number>
  readonly logs: Map<string, StoredLog[]>
  readonly events: EventRow[]
  readonly roles: Map<string, RoleRecord>
  readonly leaders: Map<string, LeaderRecord>
  readonly backfills: Map<string, BackfillRecord>
  readonly users: Map<string, UserCredentials>
  /** Tokens of programs, by name. */
  readonly apiTokens: Map<string, ApiTokenRow & { readonly tokenHash: string }>
  readonly secrets: Map<string, string>
  readonly variables: Map<string, VariableRow>
  readonly connections: Map<string, ConnectionRow>
  readonly pools: Map<string, PoolSettings>
  /** The last number given out, for versions, leases and log lines alike. */
  lastNumber: number
  /** The last one given out to a run. */
  lastRunNumber: number
}

/** Makes a state that holds nothing. */
export function emptyState(now: () => number): MemoryState {
  return {
    now,
    bundles: new Map(),
    dags: new Map(),
    dagFiles: new Map(),
    assets: new Map(),
    assetEvents: [],
    assetEventsTaken: 0,
    versions: new Map(),
    runs: [],
    runsById: new Map(),
    runsByName: new Map(),
    deletedRuns: new Map(),
    deletedDagRuns: new Set(),
    expansions: new Map(),
    unended: new Set(),
    due: new Set(),
    foldable: new Set(),
    leases: new Map(),
    triggers: new Map(),
    triggerers: new Map(),
    logs: new Map(),
    events: [],
    roles: new Map(),
    leaders: new Map(),
    backfills: new Map(),
    users: new Map(),
    apiTokens: new Map(),
    secrets: new Map(),
    variables: new Map(),
    connections: new Map(),
    pools: new Map([[defaultPool, { slots: null, includeDeferred: false, description: null }]]),
    lastNumber: 0,
    lastRunNumber: 0,
  }
}

/** Gives out a number that is greater than all before. */
export function nextNumber(state: MemoryState): number {
  state.lastNumber += 1
  return state.lastNumber
}

/** A stream that has not ended, and of which nothing is to be skipped. */
export const noResume: StreamResume = { cursor: null, skip: 0, stoppedBy: null }

/** The expansion of this id. An unknown id is a bug of the caller's. */
export function expansionOf(state: MemoryState, expansionId: string): ExpansionRecord {
  const expansion = state.expansions.get(expansionId)
  if (expansion === undefined) throw new Error(`no expansion has the id ${expansionId}`)
  return expansion
}

/** The expansion of another task of the same run, by its ordinal. */
export function siblingOf(expansion: ExpansionRecord, ordinal: number): ExpansionRecord {
  const sibling = expansion.run.expansions[ordinal]
  if (sibling === undefined) throw new Error(`run ${expansion.run.id} has no task of ordinal ${ordinal}`)
  return sibling
}

/** Marks an expansion as due: its facts have changed, and decisions on the earlier ones are refused. */
export function markDue(state: MemoryState, expansion: ExpansionRecord): void {
  expansion.seq += 1
  state.due.add(expansion)
}

/** An instant of the store's clock as a Date. */
export function dateOf(at: number): Date
export function dateOf(at: number | null): Date | null
export function dateOf(at: number | null): Date | null {
  return at === null ? null : new Date(at)
}
