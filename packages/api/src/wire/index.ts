/** The forms in which the API answers, for clients in TypeScript: types alone, from the schemas that make the answers. */
import type { z } from "@hono/zod-openapi"
import type { densitySchema, errorClassesSchema } from "../routes/expansion-insights.ts"
import type { historySchema } from "../routes/expansion-history.ts"
import type { explanationSchema } from "../routes/instance-explanation.ts"
import type { pageSchema } from "../routes/expansion-pages.ts"
import type { backfillSchema } from "./backfill.ts"
import type { calendarSchema } from "../routes/dag-calendar.ts"
import type { gridSchema, meSchema, recentRunsSchema, structureSchema } from "../routes/views.ts"
import type { dagDetailsSchema, dagSchema } from "./dag.ts"
import type { dagRunSchema } from "./dag-run.ts"
import type { dagChangesSchema } from "./dag-changes.ts"
import type { dagVersionSchema } from "./dag-version.ts"
import type { expansionSchema } from "./expansion.ts"
import type { taskInstanceSchema, taskTriesSchema } from "./task-instance.ts"
import type { triggersSchema } from "../routes/triggers.ts"
import type { taskSchema } from "./task.ts"

export type { UserRole } from "@sluice/core/store"
export type { DagRunState, ExpansionState } from "@sluice/core/state"
export type { WireState } from "./enums.ts"
export type { Wait } from "../expansions/window.ts"
export type Me = z.infer<typeof meSchema>
export type Dag = z.infer<typeof dagSchema>
export type DagDetails = z.infer<typeof dagDetailsSchema>
export type DagRun = z.infer<typeof dagRunSchema>
export type DagChanges = z.infer<typeof dagChangesSchema>
export type DagVersion = z.infer<typeof dagVersionSchema>
export type Expansion = z.infer<typeof expansionSchema>
export type TaskInstance = z.infer<typeof taskInstanceSchema>
export type TaskTry = z.infer<typeof taskTriesSchema>["task_instances"][number]
export type WaitingTrigger = z.infer<typeof triggersSchema>["triggers"][number]
export type Task = z.infer<typeof taskSchema>
export type DagStructure = z.infer<typeof structureSchema>
export type DagCalendar = z.infer<typeof calendarSchema>
export type DagGrid = z.infer<typeof gridSchema>
export type RecentRuns = z.infer<typeof recentRunsSchema>
export type InstanceExplanation = z.infer<typeof explanationSchema>
export type ExpansionHistory = z.infer<typeof historySchema>
export type Density = z.infer<typeof densitySchema>
export type ErrorClasses = z.infer<typeof errorClassesSchema>
export type ExpansionPage = z.infer<typeof pageSchema>
export type Backfill = z.infer<typeof backfillSchema>
