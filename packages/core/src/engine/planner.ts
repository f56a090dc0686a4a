/**
 * The planner: makes runs when they are due.
 *
 * Of all planners one leads, and what it writes is fenced by its epoch. Each run is made in the statement that moves its DAG's
 * plan on, from the very plan that was read; so each tick is made once, in order, whoever dies at whatever line and however
 * many planners there are. A turn costs what is due: a DAG whose time has not come is not looked at. Runs after assets are
 * in asset-planner.ts.
 */
import { Effect } from "effect"
import type { StoreError } from "../store/errors.ts"
import type { DuePlan, Leadership } from "../store/planner-store.ts"
import type { StoreService } from "../store/store.ts"
import { makeWakeGate } from "../store/wake-gate.ts"
import { leadRenewMs, makeContender } from "./lead.ts"
import { runAfterAssets } from "./asset-planner.ts"
import { type PlannedRun, planOf } from "../time/plan.ts"

/** The role that leads. */
const plannerRoleName = "planner"
/** The most DAGs that one turn looks at, how many of them at once, and the most runs it makes of each. */
const plansMax = 100
const plansAtOnce = 4
const runsEachMax = 16
/** How long to rest when all that is due cannot be moved. */
const brokenPauseMs = 1_000

/** How long the planner sleeps at most without a wake-up. */
const planPollMs = 5_000

/** What a turn did, and how long there is nothing to do after it. */
export interface Planned {
  readonly made: number
  readonly idleMs: number
}

/** Makes the runs that are due, once. */
export const planOnce = Effect.fnUntraced(function* (store: StoreService, leadership: Leadership) {
  const { now, plans, nextAt } = yield* store.duePlans({ limit: plansMax })
  const advanceOne = (plan: DuePlan) =>
    advance({ store, leadership, now }, plan).pipe(Effect.catchDefect((defect) => reportBroken(plan, defect)))
  const counts = yield* Effect.forEach(plans, advanceOne, { concurrency: plansAtOnce })
  const backfills = yield* store.dueBackfills({ limit: plansMax })
  counts.push(
    ...(yield* Effect.forEach(backfills, (one) => advanceBackfill(store, leadership, one), {
      concurrency: plansAtOnce,
    })),
  )
  counts.push(yield* runAfterAssets(store, leadership, now))
  const made = counts.reduce((sum, count) => sum + count.made, 0)
  if (made > 0) {
    store.wake("due")
    store.wake("parse")
  }
  // What this turn has moved may be due again, or soon: look once more before resting.
  if (counts.some(({ moves }) => moves > 0)) return { made, idleMs: 0 } satisfies Planned
  const untilNextMs = nextAt === null ? Infinity : Math.max(0, nextAt.getTime() - now.getTime())
  return {
    made,
    idleMs: plans.length > 0 ? Math.min(brokenPauseMs, untilNextMs) : untilNextMs,
  } satisfies Planned
})

interface Turn {
  readonly store: StoreService
  readonly leadership: Leadership
  readonly now: Date
}

/** How often a plan was moved, and how many runs that made. */
export interface Advance {
  readonly moves: number
  readonly made: number
}

/** Makes the runs of one DAG that are due, some of them. */
function advance(turn: Turn, due: DuePlan): Effect.Effect<Advance, StoreError> {
  return Effect.gen(function* () {
    const plan = planOf(due.planning, due)
    const passedOver: Date[] = []
    let { next } = due
    let moves = 0
    let made = 0
    while (moves < runsEachMax) {
      if (next !== null && next.runAt > turn.now) break
      const run: PlannedRun | null = next === null ? null : plan.dueRun(next, turn.now)
      next = plan.next(run?.intervalEnd ?? due.lastTick)
      const { isMoved, isMade } = yield* move(turn, { dagId: due.dagId, seq: due.seq + moves, run, next })
      if (!isMoved) break
      moves += 1
      if (isMade) made += 1
      else if (run !== null) passedOver.push(run.logicalDate)
      if (next === null) break
    }
    yield* reportPassedOver(due.dagId, passedOver)
    return { moves, made }
  })
}

/** Their logical dates have runs: a backfill made them, or a schedule that was changed. */
function reportPassedOver(dagId: string, dates: readonly Date[]): Effect.Effect<void> {
  const [first] = dates
  if (first === undefined) return Effect.void
  const which = dates.length === 1 ? "" : ` and ${dates.length - 1} more`
  return Effect.logWarning(
    `planner: DAG "${dagId}" has a run for ${first.toISOString()}${which} already; none was made`,
  )
}

/** Makes runs of one backfill, as long as it can make any. */
const advanceBackfill = Effect.fnUntraced(function* (
  store: StoreService,
  leadership: Leadership,
  { id: backfillId, ordinal }: { id: string; ordinal: number },
) {
  let made = 0
  for (let moves = 0; moves < runsEachMax; moves++) {
    const move = yield* store.moveBackfill({ leadership, backfillId, ordinal: ordinal + moves })
    if (move === null) return { moves, made } satisfies Advance
    if (move === "made") made += 1
    if (move === "ended") return { moves: moves + 1, made } satisfies Advance
  }
  return { moves: runsEachMax, made } satisfies Advance
})

/** A plan that cannot be reckoned is a bug of ours, and holds up no other DAG. */
function reportBroken({ dagId }: DuePlan, defect: unknown): Effect.Effect<Advance> {
  const nothing = { moves: 0, made: 0 }
  return Effect.as(Effect.logError(`planner: the plan of DAG "${dagId}" cannot be reckoned`, defect), nothing)
}

const move = Effect.fnUntraced(function* (
  { store, leadership }: Turn,
  options: { dagId: string; seq: number; run: PlannedRun | null; next: PlannedRun | null },
) {
  const { run } = options
  const named = run === null ? null : { ...run, runId: scheduledRunId(run.logicalDate) }
  const moved = yield* store.movePlan({ leadership, ...options, run: named })
  return { isMoved: moved.isMoved, isMade: moved.run !== null }
})

/** The id of the run of a tick. */
export function scheduledRunId(logicalDate: Date): string {
  return `scheduled__${logicalDate.toISOString()}`
}

/** A planner with its turn: it makes what is due while it leads, and otherwise waits for the lead. */
export const makePlanner = Effect.fnUntraced(function* (store: StoreService, name: string) {
  const gate = yield* makeWakeGate(store, ["plan", "run"])
  const { whileLeading, resign } = makeContender(store, plannerRoleName, name)
  const turn = Effect.suspend(() => {
    const seen = gate.version()
    return whileLeading((leadership) =>
      Effect.gen(function* () {
        const { idleMs } = yield* planOnce(store, leadership)
        if (idleMs > 0) yield* gate.wait(seen, Math.min(idleMs, planPollMs, leadRenewMs))
      }),
    )
  })
  return { turn, resign }
})
