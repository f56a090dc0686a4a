export type { SerializedDag, SerializedTask } from "@sluice/core/dag"
export type { Bundle, LogEntry, PushedXCom, TaskError } from "@sluice/core/engine"
