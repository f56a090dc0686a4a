export { type AssetCondition, describeCondition, isSatisfied, namesOf } from "./asset-condition.ts"
export { cronPresets, type CronProblem, isTimezone, readCron } from "./cron.ts"
export { continuousGapMs, type Plan, type PlannedRun, planOf, type PlanOwner } from "./plan.ts"
export { type Ticks, ticksOf } from "./ticks.ts"
export {
  type DataIntervalRule,
  planningDefaults,
  type SerializedCron,
  type SerializedPlanning,
  type SerializedTimetable,
} from "./timetable.ts"
