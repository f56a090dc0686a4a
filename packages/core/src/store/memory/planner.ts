import { Effect } from "effect"
import type { PlannedRun } from "../../time/plan.ts"
import type { DuePlan, LeaderStore, Leadership, PlannerStore } from "../planner-store.ts"
import { queuedAheadMax } from "../planner-store.ts"
import { unfinishedRuns } from "./dags.ts"
import { addRun, toRow } from "./runs.ts"
import { type DagRecord, type MemoryState, type PlanRecord, dateOf } from "./state.ts"

/** Leadership and scheduled runs over a memory state. */
export function planner(state: MemoryState): LeaderStore & PlannerStore {
  return {
    lead: ({ role, holder, leaseSeconds }) =>
      Effect.sync(() => {
        const leader = state.leaders.get(role)
        const isOver = leader === undefined || leader.expiresAt <= state.now()
        if (leader !== undefined && leader.holder !== holder && !isOver) return null
        const epoch = (leader?.epoch ?? 0) + Number(leader?.holder !== holder || isOver)
        state.leaders.set(role, { holder, epoch, expiresAt: state.now() + leaseSeconds * 1000 })
        return epoch
      }),
    resign: (leadership) =>
      Effect.sync(() => {
        const leader = state.leaders.get(leadership.role)
        if (leader?.holder === leadership.holder && leader.epoch === leadership.epoch) {
          leader.expiresAt = Number.NEGATIVE_INFINITY
        }
      }),
    duePlans: ({ limit }) => Effect.sync(() => duePlans(state, limit)),
    movePlan: (options) => Effect.sync(() => movePlan(state, options)),
  }
}

/** Whether who calls still leads. */
export function isLeading(state: MemoryState, { role, holder, epoch }: Leadership): boolean {
  const leader = state.leaders.get(role)
  return leader?.holder === holder && leader.epoch === epoch && leader.expiresAt > state.now()
}

/** The plan of a DAG, if a run of it may be made. */
function plannable(state: MemoryState, dag: DagRecord | undefined): PlanRecord | null {
  if (dag === undefined || dag.isPaused || dag.isStale) return null
  const { queuedRuns, runningRuns } = unfinishedRuns(state, dag.current.dagId)
  const isContinuous = dag.current.dag.planning.timetable.kind === "continuous"
  if (queuedRuns >= queuedAheadMax || (isContinuous && queuedRuns + runningRuns > 0)) return null
  return dag.plan.runAt === null ? null : dag.plan
}

function duePlans(state: MemoryState, limit: number): { now: Date; plans: DuePlan[]; nextAt: Date | null } {
  const all = [...state.dags.values()]
    .flatMap((dag) => {
      const plan = plannable(state, dag)
      return plan === null ? [] : [{ dag, plan, runAt: plan.runAt ?? 0 }]
    })
    .toSorted((a, b) => a.runAt - b.runAt)
  const due = all.filter(({ runAt }) => runAt <= state.now())
  return {
    now: dateOf(state.now()),
    plans: due.slice(0, limit).map(({ dag, plan }) => ({
      dagId: dag.current.dagId,
      planning: dag.current.dag.planning,
      since: dateOf(plan.since),
      lastTick: plan.lastTick,
      seq: plan.seq,
      next: plan.next,
    })),
    nextAt: dateOf(all[due.length]?.runAt ?? null),
  }
}

function movePlan(state: MemoryState, options: Parameters<PlannerStore["movePlan"]>[0]) {
  const { leadership, dagId, seq, run, next } = options
  const dag = state.dags.get(dagId)
  const plan = plannable(state, dag)
  if (dag === undefined || plan === null || plan.seq !== seq || !isLeading(state, leadership)) {
    return { isMoved: false, run: null }
  }
  const made = run === null || hasRunOf(state, dagId, run) ? null : makeRun(state, dag, run)
  plan.seq += 1
  plan.next = next
  plan.runAt = next?.runAt.getTime() ?? null
  plan.lastTick = run?.intervalEnd ?? plan.lastTick
  return { isMoved: true, run: made }
}

function hasRunOf(state: MemoryState, dagId: string, { logicalDate, runId }: PlannedRun & { runId: string }) {
  return state.runs.some(
    (run) =>
      run.dagId === dagId &&
      (run.runId === runId ||
        (run.logicalDate?.getTime() === logicalDate.getTime() &&
          (run.runType === "scheduled" || run.runType === "backfill"))),
  )
}

function makeRun(state: MemoryState, dag: DagRecord, run: PlannedRun & { readonly runId: string }) {
  const { runId, logicalDate, intervalStart, intervalEnd, runAt } = run
  const made = addRun(state, dag, {
    ...{ runId, logicalDate, runType: "scheduled", conf: {}, runAfter: runAt, triggeredBy: "timetable" },
    dataInterval: { start: intervalStart, end: intervalEnd },
  })
  return toRow(made)
}
