import { type KeepRuns, type SerializedPlanning, planningDefaults } from "../time/timetable.ts"
import type { DagSettings } from "./dag-options.ts"
import { dateCheck } from "./date-check.ts"
import { DagDefinitionError } from "./definition-error.ts"
import type { Duration } from "./duration.ts"
import { isPlainObject } from "./input-plan.ts"
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
  /**
   * How long runs are kept that have ended: for so many days, and so many of them, whichever is less; then the pruner deletes them.
   * `"all"`: for ever. Default: as the pruner is configured (`SLUICE_KEEP_RUNS_DAYS`, `SLUICE_KEEP_RUNS`), and where it is not, for ever.
   *
   * @example
   * dag("users_sync", { schedule: "@hourly", keepRuns: { days: 30, count: 500 } }, () => { ... })
   */
  readonly keepRuns?: { readonly days?: number; readonly count?: number } | "all"
}

/** The most runs of one DAG at once that can be asked for. */
const activeRunsMax = 10_000

/** The longest, and the most, that ended runs can be kept, short of for ever. */
export const keepRunsDaysMax = 36_500
export const keepRunsCountMax = 10_000

const keepRunsCheck: OptionCheck<KeepRuns> = {
  expected: `"all", or { days, count } with days from 1 to ${keepRunsDaysMax}, count from 1 to ${keepRunsCountMax}, or one of both`,
  read: (value) => {
    if (value === "all") return { days: null, count: null }
    if (!isPlainObject(value)) return undefined
    const { days, count, ...others } = value
    const areFitting =
      (days === undefined || integerCheck(1, keepRunsDaysMax).read(days) !== undefined) &&
      (count === undefined || integerCheck(1, keepRunsCountMax).read(count) !== undefined)
    if (!areFitting || Object.keys(others).length > 0 || (days ?? count) === undefined) return undefined
    return { days: (days as number | undefined) ?? null, count: (count as number | undefined) ?? null }
  },
}

/** The checks of the planning options; `schedule` has its own. */
export const planningChecks = {
  schedule: { expected: "a schedule", read: (value) => value } as OptionCheck<unknown>,
  startDate: orNullCheck(dateCheck),
  endDate: orNullCheck(dateCheck),
  catchup: booleanCheck,
  jitter: durationCheck(0),
  maxActiveRuns: integerCheck(1, activeRunsMax),
  maxActiveTasks: orNullCheck(integerCheck(1)),
  keepRuns: keepRunsCheck,
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
    keepRuns: checked.keepRuns ?? planningDefaults.keepRuns,
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
