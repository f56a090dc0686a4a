export { branch, shortCircuit, type Choice, type Decider, type ShortCircuitOptions } from "./branch.ts"
export { buildInput, type BindStream } from "./build-input.ts"
export { answerCaptured, captured, type Capturer, type ParseScope, type ReadForParse } from "./captured.ts"
export { chain } from "./chain.ts"
export { DagDefinition, inputStream, isDagDefinition, serializeDag } from "./dag-definition.ts"
export { Asset, asset, AssetSchedule, isAsset, isAssetSchedule, type AssetOptions } from "./asset.ts"
export type { DagOptions } from "./dag-options.ts"
export type { JsonObject } from "./json-object.ts"
export { dag } from "./dag.ts"
export { DagDefinitionError } from "./definition-error.ts"
export {
  group,
  type Group,
  type GroupMapOptions,
  type GroupOptions,
  type ItemOfGroup,
  type Streamed,
} from "./group.ts"
export { loop, TaskLoop, type Loop, type LoopOptions } from "./loop.ts"
export type { IterationContext, Until } from "./loop-stream.ts"
export {
  after,
  at,
  everyMsMin,
  fileExists,
  httpPoll,
  runFinished,
  type FinishedRun,
  type FoundFile,
  type HttpAnswer,
  type HttpPollOptions,
} from "./built-in-triggers.ts"
export {
  Deferral,
  deferredStateBytesMax,
  eventBytesMax,
  isDeferral,
  type DeferOptions,
  type Resumed,
  type ResumePoint,
} from "./deferral.ts"
export { isTrigger, Trigger, TriggerError } from "./trigger.ts"
export {
  collectTriggers,
  trigger,
  type TriggerFactory,
  type TriggerFunction,
  type TriggerFunctions,
  type TriggerScope,
} from "./user-trigger.ts"
export { parseDurationMs } from "./duration.ts"
export type { Duration } from "./duration.ts"
export { BadKey, itemKeys, itemLabels, type ItemNames } from "./item-names.ts"
export {
  assetExtraBytesMax,
  assetNameLengthMax,
  idLengthMax,
  itemKeyCharsMax,
  labelCharsMax,
  mapDefaults,
  taskDefaults,
  tasksPerDagMax,
} from "./option-defaults.ts"
export type { MapOptions, PageOptions, SourceOptions, TaskOptions } from "./options.ts"
export type * from "./serialized-dag.ts"
export { assetOrTime, atDates, continuous, cron, every, once } from "./schedule.ts"
export type {
  AssetOrTime,
  CronOptions,
  CronSchedule,
  IntervalOptions,
  Schedule,
  ScheduleOption,
} from "./schedule.ts"
export { keepRunsCountMax, keepRunsDaysMax, type PlanningOptions } from "./planning-options.ts"
export { setup, teardown, type ScopeTask, type TeardownOptions } from "./setup.ts"
export type { Connection } from "./connection.ts"
export { source } from "./source.ts"
export type { Source, SourceRun, SourceScope, UnfoldDefinition, UnfoldPage, UnfoldScope } from "./source.ts"
export type {
  AssetEvent,
  DataInterval,
  LogFields,
  TaskAssets,
  TaskContext,
  TaskLog,
  TaskXComs,
} from "./task-context.ts"
export type { TaskNode } from "./task-node.ts"
export { FailWithoutRetry, isFailWithoutRetry, isSkip, Skip } from "./task-outcome-error.ts"
export { task, type DeferringTaskOptions, type Task } from "./task.ts"
export { triggerRun, type TriggeredRun, type TriggerRunOptions } from "./trigger-run.ts"
export { triggerName } from "./trigger-spec.ts"
export type * from "./trigger-spec.ts"
export { TaskGroup, XCom, type Orderable } from "./xcom.ts"
