/** The crash matrix: each role, and each point at which it is killed. */
import type { EngineRole } from "@sluice/core/engine"
import type { EngineSettings } from "./engine-main.ts"
import type { Failpoint } from "./failpoint.ts"

/** A cell of the matrix: where a role dies, and what makes it come there. */
export interface MatrixPoint extends Failpoint {
  readonly role: EngineRole
  /** What the run is told, beside its size. */
  readonly conf?: Readonly<Record<string, number | boolean>>
  /** Another run of the DAG is ahead of this one, which waits for its place. */
  readonly isQueued?: boolean
  /** What else dies, so that there is something to rescue: the process of all other roles, at this point. */
  readonly othersDieAt?: Failpoint
  /** The role passes here in each of its turns, whether there is something to do or not. */
  readonly isOfEachTurn?: boolean
  /** What that process is started with. */
  readonly others?: Partial<Pick<EngineSettings, "leaseSeconds" | "deadAfterSeconds">>
}

type Around = Omit<MatrixPoint, "role" | "when" | "nth" | "ifFound"> & { readonly nth?: number }

/** Both sides of a verb. After it, only a passing counts that brought something. */
function around(role: EngineRole, { nth = 1, ...point }: Around): MatrixPoint[] {
  return [
    {
      ...point,
      role,
      when: "before",
      nth,
      isOfEachTurn: role === "rescuer" && point.verb !== "finishDagRun",
    },
    { ...point, role, when: "after", nth, ifFound: true },
  ]
}

/** A worker that has leases, and dies before it records the first. */
const deadWorker = { othersDieAt: { verb: "complete", when: "before", nth: 1 } } as const
/** A worker that dies when it has recorded a page, and not folded it. */
const deadFolder = { othersDieAt: { verb: "fold", when: "before", nth: 1 } } as const
/** A scheduler that dies when the last task has ended, and the run has not. */
const deadScheduler = { othersDieAt: { verb: "finishDagRun", when: "before", nth: 1 } } as const

/** Longer than any test. */
const longSeconds = 600

/** Every point, by role. */
export const matrixPoints: readonly MatrixPoint[] = [
  ...around("scheduler", { verb: "admitDagRuns", isQueued: true }),
  ...around("scheduler", { verb: "dueExpansions" }),
  ...around("scheduler", { verb: "decideExpansion", nth: 2 }),
  // Whether it ended the run, or a rescuer was a little faster.
  { role: "scheduler", verb: "finishDagRun", when: "before", nth: 1 },
  { role: "scheduler", verb: "finishDagRun", when: "after", nth: 1 },

  ...around("expander", { verb: "leaseExpansions" }),
  ...around("expander", { verb: "pull", nth: 3 }),
  ...around("expander", { verb: "appendLogs", nth: 2 }),
  ...around("expander", { verb: "commitPage", nth: 3 }),
  ...around("expander", { verb: "renewExpansions", conf: { pageMs: 300 } }),
  ...around("expander", { verb: "delayPull", conf: { failsOnce: true } }),
  ...around("expander", { verb: "breakStream", conf: { breaksAt: 30 } }),

  ...around("worker", { verb: "claim", nth: 2 }),
  ...around("worker", { verb: "appendLogs", nth: 2 }),
  ...around("worker", { verb: "complete", nth: 2 }),
  ...around("worker", { verb: "renew", conf: { itemMs: 500 } }),
  ...around("worker", { verb: "release", conf: { costsHost: true } }),
  ...around("worker", { verb: "fold" }),

  ...around("triggerer", { verb: "fireTimers", conf: { defersMs: 200 } }),
  ...around("triggerer", { verb: "leaseTriggers", conf: { defersToFile: true } }),
  ...around("triggerer", { verb: "fireTriggers", conf: { defersToFile: true } }),

  // What it held is found by its silence alone, then by the end of its leases alone.
  ...around("rescuer", { verb: "rescueDead", ...deadWorker, others: { leaseSeconds: longSeconds } }),
  ...around("rescuer", { verb: "rescue", ...deadWorker, others: { deadAfterSeconds: longSeconds } }),
  ...around("rescuer", { verb: "fold", ...deadFolder }),
  ...around("rescuer", { verb: "stalledRuns", ...deadScheduler }),
  ...around("rescuer", { verb: "finishDagRun", ...deadScheduler }),

  ...around("planner", { verb: "lead", nth: 2 }),
  ...around("planner", { verb: "duePlans", nth: 2 }),
  ...around("planner", { verb: "movePlan", nth: 2 }),
]

/** How a point is called in the table. */
export function nameOf({ verb, when }: Pick<Failpoint, "verb" | "when">): string {
  return `${when} \`${verb}\``
}
