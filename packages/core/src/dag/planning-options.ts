import { type SerializedPlanning, planningDefaults } from "../time/timetable.ts"
import type { DagSettings } from "./dag-options.ts"
import { dateCheck } from "./date-check.ts"
import { DagDefinitionError } from "./definition-error.ts"
import type { Duration } from "./duration.ts"
import {
  booleanCheck,
  type CheckedOptions,
  durationCheck,
  integerCheck,
  type OptionCheck,
  orNullCheck,
} from "./option-check.ts"
import { checkSchedule } from "./schedule-option.ts"
import type { ScheduleOption } from "./schedule.ts"

/** Options of a DAG that say which runs are made. `planningDefaults` holds what counts where nothing is said. */
export interface PlanningOptions {
  /** When runs are made, or after which assets; null, the default: only when asked for. */
  readonly schedule?: ScheduleOption
  /** No data interval starts before it. Default null: ticks count from when the schedule is first stored. */
  readonly startDate?: Date | string | null
  /** No logical date comes after it. Default null: no end. */
  readonly endDate?: Date | string | null
  /** True to make a run for each tick that was missed; otherwise only the latest of them is made. Default false. */
  readonly catchup?: boolean
  /** Spreads the runs of DAGs that are due together: this DAG's come up to so much later, always as much. Default 0. */
  readonly jitter?: Duration
  /** The most runs of this DAG, backfills aside, that run at once; more wait in `queued`, and start in their order. Default 16. */
  readonly maxActiveRuns?: number
  /** The most instances of all tasks of one run at once. Default null: as many as the workers have slots. */
  readonly maxActiveTasks?: number | null
}

/** The most runs of one DAG at once that can be asked for. */
const activeRunsMax = 10_000

/** The checks of the planning options; `schedule` has its own. */
export const planningChecks = {
  schedule: { expected: "a schedule", read: (value) => value } as OptionCheck<unknown>,
  startDate: orNullCheck(dateCheck),
  endDate: orNullCheck(dateCheck),
  catchup: booleanCheck,
  jitter: durationCheck(0),
  maxActiveRuns: integerCheck(1, activeRunsMax),
  maxActiveTasks: orNullCheck(integerCheck(1)),
}

/** Puts checked planning options together with their defaults. */
export function planningOf(
  checked: CheckedOptions<typeof planningChecks>,
  dagId: string,
): Pick<DagSettings, "schedule" | "planning" | "awaited"> {
  const { summary, timetable, assets } = checkSchedule(checked.schedule, dagId)
  const planning = {
    timetable,
    assets: assets?.condition ?? null,
    startDate: checked.startDate ?? planningDefaults.startDate,
    endDate: checked.endDate ?? planningDefaults.endDate,
    catchup: checked.catchup ?? planningDefaults.catchup,
    jitterMs: checked.jitter ?? planningDefaults.jitterMs,
    maxActiveRuns: checked.maxActiveRuns ?? planningDefaults.maxActiveRuns,
    maxActiveTasks: checked.maxActiveTasks ?? planningDefaults.maxActiveTasks,
  }
  refuseEndBeforeStart(planning, dagId)
  return { schedule: summary, planning, awaited: assets?.definitions ?? [] }
}

function refuseEndBeforeStart({ startDate, endDate }: SerializedPlanning, dagId: string): void {
  if (startDate === null || endDate === null || startDate <= endDate) return
  throw new DagDefinitionError({
    dagId,
    problem: `its endDate ${endDate} comes before its startDate ${startDate}`,
    expected: "an endDate after it, or none",
  })
}
