export {
  chain,
  dag,
  DagDefinitionError,
  FailWithoutRetry,
  Skip,
  source,
  task,
  XCom,
  type DagDefinition,
  type DagOptions,
  type DataInterval,
  type Duration,
  type LogFields,
  type MapOptions,
  type Orderable,
  type PageOptions,
  type Source,
  type SourceOptions,
  type SourceScope,
  type Task,
  type TaskContext,
  type TaskLog,
  type TaskOptions,
  type TaskXComs,
  type UnfoldScope,
} from "./dag/index.ts"
export type { Json } from "./json.ts"
export { triggerRules, type TriggerRule } from "./state/trigger-rule.ts"
export { LazyXCom } from "./stream/lazy-xcom.ts"
export { page, type Cursor, type Page } from "./stream/page.ts"
