import { z } from "@hono/zod-openapi"
import { text } from "./text.ts"

/** The name that stands for all DAGs, or all runs. */
export const anyName = "~"

/** The longest id of a DAG, a run or a task. */
const idLengthMax = 250

/** The path of what is of one DAG. */
export const dagName = z.object({ dag_id: text(idLengthMax) })

/** The path of what is of one run. */
export const runName = dagName.extend({ dag_run_id: text(idLengthMax) })

/** The path of what is of one task of a run. */
export const taskName = runName.extend({ task_id: text(idLengthMax) })
