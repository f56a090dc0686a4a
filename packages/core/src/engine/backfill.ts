/**
 * Backfills: runs for past ticks of a DAG's timetable.
 *
 * The dates are reckoned once, when the backfill is asked for, and stored; the planner makes their runs in that order. So a
 * schedule that changes meanwhile changes nothing of it, and after a crash it goes on at the date it had got to.
 */
import { Effect } from "effect"
import type { Json } from "../json.ts"
import {
  type BackfillDate,
  type BackfillRefusal,
  type BackfillRow,
  type ReprocessRule,
} from "../store/backfill-store.ts"
import { NotAllowed, type NotFound, type StoreError } from "../store/errors.ts"
import type { StoreService } from "../store/store.ts"
import { planOf } from "../time/plan.ts"
import { confProblem, InvalidRun } from "./request-run.ts"

/** The most dates of one backfill: a year of hours. */
export const backfillDatesMax = 10_000

/** What counts for a backfill that does not say otherwise; the limit is Airflow's. */
export const backfillDefaults = { isReversed: false, reprocess: "none", maxActiveRuns: 10 } as const

/** A backfill that somebody asks for. */
export interface BackfillRequest {
  readonly dagId: string
  /** The first and the last logical date, both included. */
  readonly from: Date
  readonly to: Date
  /** The latest date first. Default false. */
  readonly isReversed?: boolean
  /** Which dates that have a run get another. Default none. */
  readonly reprocess?: ReprocessRule
  /** The most of its runs at once, beside the DAG's own. Default 10. */
  readonly maxActiveRuns?: number
  readonly conf?: Json
}

/** A date that a backfill would have, and why it would get no run. */
export interface PreviewedDate extends BackfillDate {
  readonly refusal: BackfillRefusal | null
}

type Refused = InvalidRun | NotAllowed | NotFound | StoreError

/** Says which runs a backfill would make, and writes nothing. */
export const previewBackfill: (
  store: StoreService,
  request: BackfillRequest,
) => Effect.Effect<readonly PreviewedDate[], Refused> = Effect.fnUntraced(function* (store, request) {
  const { dagId, reprocess = backfillDefaults.reprocess } = request
  const dates = yield* datesOf(store, request)
  const refusals = yield* store.backfillRefusals({
    dagId,
    dates: dates.map((date) => date.logicalDate),
    reprocess,
  })
  return dates.map((date, place) => ({ ...date, refusal: refusals[place] ?? null }))
})

/** Asks for a backfill; the planner makes its runs. Wake `plan` after it. */
export const createBackfill: (
  store: StoreService,
  request: BackfillRequest & { readonly actor: string },
) => Effect.Effect<BackfillRow, Refused> = Effect.fnUntraced(function* (store, request) {
  const { dagId, conf = {}, actor } = request
  const { isReversed, reprocess, maxActiveRuns } = { ...backfillDefaults, ...given(request) }
  const dates = yield* datesOf(store, request)
  const problem = yield* confProblem(store, yield* store.dag(dagId), conf)
  if (problem !== null) return yield* new InvalidRun({ dagId, ...problem })
  const [fromDate, toDate] = [request.from, request.to]
  return yield* store.createBackfill({
    ...{ dagId, fromDate, toDate, isReversed, reprocess, maxActiveRuns, conf, dates, actor },
  })
})

function given({ isReversed, reprocess, maxActiveRuns }: BackfillRequest): Partial<BackfillRequest> {
  const said = Object.entries({ isReversed, reprocess, maxActiveRuns }).filter(
    ([, value]) => value !== undefined,
  )
  return Object.fromEntries(said)
}

/** The dates in the order in which their runs are to be made. Ticks that have not come yet are left out. */
const datesOf = Effect.fnUntraced(function* (store: StoreService, request: BackfillRequest) {
  const { dagId, from, to } = request
  const { maxActiveRuns = backfillDefaults.maxActiveRuns } = request
  const refuse = (state: string, message: string) =>
    new NotAllowed({ what: `backfill of DAG "${dagId}"`, state, message })
  if (from > to) {
    return yield* refuse(
      "empty",
      `the range ends before it begins: ${from.toISOString()} to ${to.toISOString()}`,
    )
  }
  if (!Number.isInteger(maxActiveRuns) || maxActiveRuns < 1) {
    return yield* refuse("unlimited", `maxActiveRuns is ${maxActiveRuns}; expected a whole number from 1 on`)
  }
  const dag = yield* store.dag(dagId)
  const { kind } = dag.planning.timetable
  if (kind === "none" || kind === "continuous") {
    return yield* refuse(
      "unscheduled",
      `DAG "${dagId}" has no ticks to make runs for: its schedule is ${dag.schedule ?? "null"}`,
    )
  }
  const now = new Date()
  const dates: BackfillDate[] = []
  for (const run of planOf(dag.planning, { dagId, since: dag.timetableSince }).between(from, to)) {
    if (run.intervalEnd > now) break
    if (dates.length === backfillDatesMax) {
      return yield* refuse(
        "too large",
        `the range has more than ${backfillDatesMax} ticks, the most of one backfill: ask for a part of it, up to ${run.logicalDate.toISOString()}`,
      )
    }
    const { logicalDate, intervalStart, intervalEnd } = run
    dates.push({ logicalDate, intervalStart, intervalEnd })
  }
  if (dates.length === 0) {
    return yield* refuse(
      "empty",
      `no tick of DAG "${dagId}" (${dag.schedule}) that is past has its logical date between ${from.toISOString()} and ${to.toISOString()}`,
    )
  }
  return request.isReversed === true ? dates.toReversed() : dates
})
