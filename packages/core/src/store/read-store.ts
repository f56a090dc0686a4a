import type { Effect } from "effect"
import type { Json } from "../json.ts"
import type { LogEntry, TaskError } from "../host/host-pool.ts"
import type { TaskInstanceState } from "../state/task-instance.ts"
import type { NotFound, StoreError } from "./errors.ts"

/** A task instance as people see it, whether or not it has a row yet. */
export interface TaskInstanceView {
  readonly expansionId: string
  readonly taskId: string
  readonly mapIndex: number
  /** What its item is called by; null: it has no key. */
  readonly key: string | null
  /** What people see beside the index (Airflow's `rendered_map_index`); null: nothing. */
  readonly label: string | null
  readonly state: TaskInstanceState
  readonly tryNumber: number
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  readonly error: TaskError | null
}

/** An attempt that was not the last: it failed and was tried again, or was run again by hand, however it had ended. */
export interface TaskTryRow {
  readonly tryNumber: number
  readonly state: "success" | "failed" | "skipped"
  readonly startedAt: Date
  readonly endedAt: Date
  readonly error: TaskError | null
}

/** A page as people see it: which indexes were committed together, and how far they are. */
export interface PageView {
  readonly firstIndex: number
  readonly count: number
  /** Instances from the page's start that have been leased at least once. */
  readonly claimed: number
  /** Instances that have ended, by how; items of a shared source have ended with their page. */
  readonly success: number
  readonly failed: number
  readonly skipped: number
  readonly upstreamFailed: number
  /** All of it has ended, and is in the counters of its expansion. */
  readonly isFolded: boolean
  readonly createdAt: Date
  /** When the first of its instances succeeded. */
  readonly firstSuccessAt: Date | null
  /** When it was counted, the last of its instances having ended; null: it is not. */
  readonly foldedAt: Date | null
}

/** A stored log line. */
export interface LogRow extends LogEntry {
  readonly id: string
}

/** The most indexes that `pagesAt` looks for. */
export const pagesAtMax = 2_000

/** Reads for people and programs. Every list is by keyset and bounded by `limit` (≤ 1000). */
export interface ReadStore {
  /**
   * Instances of one expansion in index order, after `afterIndex` (-2: from the first) and up to `toIndex`. Those whose label
   * has a text in it are found by looking at each label: bound that with `toIndex`.
   */
  readonly listTaskInstances: (options: {
    expansionId: string
    states?: readonly TaskInstanceState[]
    label?: string
    afterIndex: number
    toIndex?: number
    limit: number
  }) => Effect.Effect<readonly TaskInstanceView[], StoreError>
  /** Pages of one expansion in the order of their indexes, from the one on that begins after an index (-2: from the first). */
  readonly listPages: (options: {
    expansionId: string
    after: number
    limit: number
    /** Only those of which something has not ended, or is not in the counters yet: at most a window of them. */
    isOpenOnly?: boolean
  }) => Effect.Effect<readonly PageView[], StoreError>
  /**
   * The pages that hold some indexes, each page once, in the order of their indexes: a look at the key for each index.
   * At most `pagesAtMax` indexes; those that no page holds (yet) find nothing.
   */
  readonly pagesAt: (options: {
    expansionId: string
    indexes: readonly number[]
  }) => Effect.Effect<readonly PageView[], StoreError>
  /** The encoded item that an instance of a map was given, or an item of a shared source. */
  readonly itemAt: (options: {
    expansionId: string
    mapIndex: number
  }) => Effect.Effect<string, NotFound | StoreError>
  /** The instance whose item has this key. */
  readonly instanceByKey: (options: {
    expansionId: string
    key: string
  }) => Effect.Effect<TaskInstanceView, NotFound | StoreError>
  /** The encoded value an instance left: its result (`return_value`) or one it pushed under a key. */
  readonly xcom: (options: {
    expansionId: string
    mapIndex: number
    key: string
  }) => Effect.Effect<string, NotFound | StoreError>
  readonly taskTries: (options: {
    expansionId: string
    mapIndex: number
  }) => Effect.Effect<readonly TaskTryRow[], StoreError>
  /** Log lines of an expansion (of one instance, when named), oldest first. */
  readonly readLogs: (options: {
    expansionId: string
    mapIndex?: number
    after: string | null
    limit: number
  }) => Effect.Effect<readonly LogRow[], StoreError>
}

/** A process of a role, as its heartbeat shows it. */
export interface RoleRow {
  readonly id: string
  readonly role: string
  /** The process, by its name in leases and expansions; it may play several roles. */
  readonly engine: string
  readonly hostname: string
  readonly pid: number
  readonly startedAt: Date
  readonly heartbeatAt: Date
  /** Milliseconds since it was last heard of, by the store's clock. */
  readonly silentMs: number
  /** Whether it was heard of within the time it promised. */
  readonly isAlive: boolean
  /** When what it held was taken back, since it had been silent for too long. */
  readonly diedAt: Date | null
  readonly info: Json
}

/** A role that was found dead. */
export type DeadRole = Pick<RoleRow, "id" | "role" | "engine" | "hostname" | "pid" | "silentMs">

/** Heartbeats of the roles. */
export interface RoleStore {
  /** Says that a role is alive, and promises to say so again within `deadAfterSeconds`. One that was taken for dead is back. */
  readonly heartbeat: (options: {
    id: string
    role: string
    engine: string
    hostname: string
    pid: number
    info: Json
    deadAfterSeconds: number
  }) => Effect.Effect<void, StoreError>
  readonly endRole: (id: string) => Effect.Effect<void, StoreError>
  /** Roles, the one heard of last first. */
  readonly listRoles: (options: { limit: number }) => Effect.Effect<readonly RoleRow[], StoreError>
  /**
   * Finds up to `limit` roles that broke their promise, each once, and takes back at once what their engines held: leases are
   * offered again, expansions let go, whatever time is left to them. An engine of which another role is alive keeps what
   * it has. Roles found dead more than `keepSeconds` ago are removed.
   */
  readonly rescueDead: (options: {
    limit: number
    keepSeconds: number
  }) => Effect.Effect<{ readonly dead: readonly DeadRole[]; readonly leases: number }, StoreError>
}
