import type { Effect } from "effect"
import type { Deferral, EmittedAssetEvent, LogEntry, PushedXCom, TaskError } from "../host/host-pool.ts"
import type { LeaseLost, StoreError } from "./errors.ts"

/**
 * A worker's right to run some instances, with their inputs: a range of one page, or instances of one map, of any of its
 * pages, that were each offered by themselves.
 */
export interface Lease {
  readonly leaseId: string
  readonly expansionId: string
  readonly firstIndex: number
  readonly count: number
  /** The map indexes, ascending, of instances that were each offered by themselves; null: a range. */
  readonly indexes: readonly number[] | null
  /** Instances without a recorded outcome. */
  readonly remaining: number
  readonly tryNumber: number
  /** The tries that do not count against the task's retries: those before a redrive. */
  readonly baseTry: number
  /** Its instances were tried before, each with a row that waits for this try; then `indexes` names them. */
  readonly isRetry: boolean
  /** How often the expansion was begun anew. */
  readonly generation: number
  /** The encoded inputs as one JSON array text; null for an unmapped task. */
  readonly items: string | null
  readonly recorded: readonly number[]
  /** Set when an earlier lease of this range cost its host. */
  readonly isIsolated: boolean
  /** Set when the range was offered again; else it is of a page that nobody had before. */
  readonly wasOffered: boolean
  /** How long it waited to be claimed: since its page was committed, or since the longest due of its offers was. */
  readonly waitedMs: number
  /** Set when the task limits how many run at once: the end of this lease makes room for others. */
  readonly isLimited: boolean
  /**
   * For each of `indexes`: the JSON text of a `ResumePayload`, where a deferred instance goes on; null: it starts at its
   * beginning. null: all of them do.
   */
  readonly resumes: readonly (string | null)[] | null
}

/** An instance of a lease that ended in another way than success. */
export interface RecordedException {
  readonly mapIndex: number
  readonly state: "failed" | "skipped" | "up_for_retry" | "deferred"
  readonly error: TaskError | null
  /** Milliseconds until the next try; only for `up_for_retry`. */
  readonly retryDelayMs: number | null
  /** Set only for `deferred`. */
  readonly deferral?: Deferral
  readonly startedMs: number
  readonly endedMs: number
}

/** What `complete` tells of a lease, its page and its map. */
export interface Completed {
  readonly remaining: number
  readonly isPageFinished: boolean
  readonly isExhausted: boolean
  readonly isDue: boolean
  readonly isWatched: boolean
}

/** How many leases of an expansion somebody holds. */
export interface HeldLeases {
  readonly expansionId: string
  readonly leases: number
}

/** How far a claim looked that found nothing which may run now. */
export interface ClaimPosition {
  readonly pages: { readonly urgency: number; readonly expansionId: string } | null
  readonly offers: string | null
}

/** What a claim took. */
export interface Claimed {
  readonly leases: readonly Lease[]
  /** Set when nothing was found, and not everything looked at: the next claim goes on behind it. */
  readonly past: ClaimPosition | null
}

/** Leases: claimed, renewed, completed, given back, rescued. */
export interface LeaseStore {
  /**
   * Takes up to `limit` leases: of what was offered again (retries, rescued ranges) and of open pages, each with its share
   * (`offersQuota`), each by priority. Of what is equally urgent, shares are equal: those come first of whose DAG the worker
   * holds the fewest leases, within a DAG of whose run, within a run of which expansion (`held`, and what this claim adds);
   * between equals in turn, pages beginning after `after`, offers after `offersAfter`. Each expansion gets at most one lease of each. Offers of single instances that are in the same try are gathered into one lease, the
   * longest due first (see `gatherable`). A task that limits its concurrency gets one of the two in a claim, its
   * pages when `offersFirst` is not set: whoever claims sets it every other time.
   */
  readonly claim: (options: {
    workerId: string
    limit: number
    leaseSeconds: number
    /** Instances in a lease, unless `sizes` says otherwise for the expansion. */
    sizeDefault: number
    sizes: readonly { expansionId: string; size: number }[]
    /** What the worker holds; an expansion is named once. */
    held: readonly HeldLeases[]
    after: string | null
    offersAfter: string | null
    offersFirst: boolean
    past: ClaimPosition | null
  }) => Effect.Effect<Claimed, StoreError>
  /**
   * Records outcomes of a lease, once. `indexes: null` says that every instance of a lease of which nothing was
   * recorded before succeeded (then nothing else may be given, and it is neither a retry nor resumed); `values` is a JSON array text of the results. The
   * lease shrinks, and is gone with its last instance. `remainingBefore` is how many instances had no record when
   * this call was made: where it differs the call fails with `LeaseLost`, so that it may safely be sent again.
   * `isExhausted` says that no page will follow, as far as is known; `isDue`, that the scheduler has to look at what
   * failed; `isWatched`, that it should look after this (`reviewMaps`).
   */
  readonly complete: (options: {
    workerId: string
    leaseId: string
    /** As the lease says. */
    isRetry: boolean
    remainingBefore: number
    indexes: readonly number[] | null
    values: string
    timings: { readonly startedMs: readonly number[]; readonly endedMs: readonly number[] } | null
    exceptions: readonly RecordedException[]
    xcoms: readonly PushedXCom[]
    /** Of instances that succeeded by this call. */
    assetEvents: readonly EmittedAssetEvent[]
    leaseSeconds: number
  }) => Effect.Effect<Completed, LeaseLost | StoreError>
  /** Extends leases; gives back those still held. What is missing was taken away: stop it. */
  readonly renew: (options: {
    workerId: string
    leaseIds: readonly string[]
    leaseSeconds: number
  }) => Effect.Effect<readonly string[], StoreError>
  /** Gives a lease's unrecorded instances back at once; `split` isolates them, a range in two halves. */
  readonly release: (options: {
    workerId: string
    leaseId: string
    split: boolean
  }) => Effect.Effect<void, StoreError>
  /** Offers expired leases again; says how many. */
  readonly rescue: (options: { limit: number }) => Effect.Effect<number, StoreError>
  /**
   * Takes back at once what a dead engine held, by its name: its leases are offered again, its expansions and triggers let go. Says
   * how many leases. Only for an engine that is known to be dead: a live one would lose its work.
   */
  readonly forgetWorker: (options: { workerId: string }) => Effect.Effect<number, StoreError>
  readonly appendLogs: (options: {
    expansionId: string
    entries: readonly LogEntry[]
  }) => Effect.Effect<void, StoreError>
}
