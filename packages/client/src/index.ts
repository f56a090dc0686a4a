export { ApiError, dataOf } from "./api-error.ts"
export { createClient, type ClientOptions, type SluiceClient, type TriggerBody } from "./client.ts"
export type { components, operations, paths } from "./openapi.ts"
export type { RetryOptions } from "./resumed.ts"
export type {
  DagRun,
  EndedRun,
  EventOptions,
  Expansion,
  LiveRun,
  Result,
  ResultOptions,
  RunEvent,
  RunName,
  TaskName,
  WaitOptions,
} from "./streams.ts"
export type { Credentials } from "./tokens.ts"
