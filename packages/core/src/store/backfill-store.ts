import type { Effect } from "effect"
import type { Json } from "../json.ts"
import type { Slice } from "./catalog-store.ts"
import { NotAllowed, type NotFound, type StoreError } from "./errors.ts"
import type { Leadership } from "./planner-store.ts"

/** Which dates a backfill runs again that have a run: none, those whose last run failed, or all whose last run has ended. */
export const reprocessRules = ["none", "failed", "completed"] as const

/** Which dates a backfill runs again. */
export type ReprocessRule = (typeof reprocessRules)[number]

/** Why a date of a backfill gets no run, in Airflow's words. */
export type BackfillRefusal = "in flight" | "already exists" | "unknown"

/** A date that a backfill is to make a run for. */
export interface BackfillDate {
  readonly logicalDate: Date
  readonly intervalStart: Date
  readonly intervalEnd: Date
}

/** A date of a backfill, and what became of it: neither run nor refusal yet, or never if it was cancelled. */
export interface BackfillDateRow extends BackfillDate {
  readonly ordinal: number
  readonly dagRunId: string | null
  readonly refusal: BackfillRefusal | null
}

/** Runs made for past dates, one after the other. */
export interface BackfillRow {
  readonly id: string
  readonly dagId: string
  readonly fromDate: Date
  readonly toDate: Date
  readonly isReversed: boolean
  readonly reprocess: ReprocessRule
  readonly maxActiveRuns: number
  readonly conf: Json
  readonly isPaused: boolean
  readonly isCancelled: boolean
  readonly createdAt: Date
  /** Cancelled, or each date is refused or has a run that has ended. */
  readonly endedAt: Date | null
  /** Dates in all; those it has got to; those that got no run; its runs, by how they stand. */
  readonly total: number
  readonly handled: number
  readonly refused: number
  readonly running: number
  readonly success: number
  readonly failed: number
}

/** What became of a step of a backfill. */
export type BackfillMove = "made" | "refused" | "ended"

/** Backfills: asked for by people, made by the planner. */
export interface BackfillStore {
  /** Says of each date why it would get no run now; null: it would. */
  readonly backfillRefusals: (options: {
    dagId: string
    dates: readonly Date[]
    reprocess: ReprocessRule
  }) => Effect.Effect<readonly (BackfillRefusal | null)[], StoreError>
  /** Stores a backfill with its dates, in the order in which their runs are to be made. A DAG has one that has not ended. */
  readonly createBackfill: (
    options: Pick<
      BackfillRow,
      "dagId" | "fromDate" | "toDate" | "isReversed" | "reprocess" | "maxActiveRuns" | "conf"
    > & { dates: readonly BackfillDate[]; actor: string },
  ) => Effect.Effect<BackfillRow, NotAllowed | NotFound | StoreError>
  readonly backfill: (id: string) => Effect.Effect<BackfillRow, NotFound | StoreError>
  /** Backfills, newest first, before an id. `limit` ≤ 1000. */
  readonly listBackfills: (options: {
    dagId?: string
    before: string | null
    limit: number
  }) => Effect.Effect<readonly BackfillRow[], StoreError>
  /** Backfills in the order of their ids, counted: costs O(backfills that fit). `limit` ≤ 1000. */
  readonly searchBackfills: (options: {
    dagId?: string
    isNewestFirst: boolean
    skip: number
    limit: number
  }) => Effect.Effect<Slice<BackfillRow>, StoreError>
  /** Dates of a backfill in their order, after an ordinal (-1: from the first). `limit` ≤ 1000. */
  readonly listBackfillDates: (options: {
    backfillId: string
    after: number
    limit: number
  }) => Effect.Effect<readonly BackfillDateRow[], StoreError>
  /** Pauses a backfill or lets it go on; says whether that changed anything. What runs goes on to its end. */
  readonly setBackfillPaused: (options: {
    backfillId: string
    isPaused: boolean
    actor: string
  }) => Effect.Effect<boolean, NotFound | StoreError>
  /** Ends a backfill: it makes no more runs, those it has made go on. False when it had ended already. */
  readonly cancelBackfill: (options: {
    backfillId: string
    actor: string
  }) => Effect.Effect<boolean, NotFound | StoreError>
  /** Backfills that can make a run, or end, with the ordinal they stand at. */
  readonly dueBackfills: (options: {
    limit: number
  }) => Effect.Effect<readonly { readonly id: string; readonly ordinal: number }[], StoreError>
  /**
   * Makes the run of the next date, or refuses it, or ends the backfill when all is done, in one statement. Null, and
   * nothing is written, where the leadership has passed on or the backfill does not stand there any more.
   */
  readonly moveBackfill: (options: {
    leadership: Leadership
    backfillId: string
    ordinal: number
  }) => Effect.Effect<BackfillMove | null, StoreError>
}

/** Why a date gets no run, from the state of the newest run that it has. */
export function refusalOf(
  newest: "queued" | "running" | "success" | "failed" | null,
  reprocess: ReprocessRule,
): BackfillRefusal | null {
  if (newest === "queued" || newest === "running") return "in flight"
  const runsAgain =
    newest === null || reprocess === "completed" || (newest === "failed" && reprocess === "failed")
  return runsAgain ? null : "already exists"
}

/** The id of a backfill's run. */
export function backfillRunId(backfillId: string, logicalDate: Date): string {
  return `backfill__${logicalDate.toISOString()}__${backfillId}`
}

/** The refusal of a second backfill beside one that has not ended. */
export function secondBackfill(dagId: string, active: string | null): NotAllowed {
  const which = active === null ? "a backfill" : `the backfill ${active}`
  return new NotAllowed({
    what: `backfill of DAG "${dagId}"`,
    state: "active",
    message: `DAG "${dagId}" has ${which} that has not ended, and one at a time: wait for its end, or cancel it`,
  })
}
