import type { SerializedDag } from "@sluice/core/dag"
import type { TaskError } from "@sluice/core/engine"
import type { ExpansionView } from "@sluice/core/store"
import { expansionIdOf } from "@sluice/core/store"
import type { Session } from "../session.ts"
import { isTimedOut } from "../view/run-state.ts"
import type { Snapshot } from "./watch-run.ts"
import { orNull } from "./or-null.ts"

/** How a run ended, for people and programs. */
export type RunOutcome = "success" | "failed" | "cancelled"

/** What is kept of an ended run. */
export interface RunResult extends Snapshot {
  readonly dag: SerializedDag
  readonly outcome: RunOutcome
  readonly failures: readonly TaskFailure[]
  /** What the last task without a downstream returned, encoded. */
  readonly value: { readonly taskId: string; readonly encoded: string } | null
}

/** An instance that failed, or (map index null) a stream that broke. */
export interface TaskFailure {
  readonly taskId: string
  readonly mapIndex: number | null
  /** What its item is called; null: nothing. */
  readonly item: string | null
  readonly tryNumber: number | null
  readonly error: TaskError
}

/** The failed instances of a task that are told; `sluice tasks list` tells them all. */
export const failuresPerTask = 3

/** Reads what there is to say about an ended run. Takes a fresh look at its tasks: the last ones just ended. */
export async function readResult(
  session: Session,
  { run, at, dag }: Snapshot & { readonly dag: SerializedDag },
): Promise<RunResult> {
  const expansions = await session.call(session.store.expansionsOfRun(run.id))
  const failures: TaskFailure[] = []
  for (const expansion of expansions) failures.push(...(await failuresOf(session, expansion)))
  const value = run.state === "success" ? await lastValue(session, run.id, dag) : null
  return { run, at, dag, expansions, failures, value, outcome: outcomeOf(run) }
}

/** How a run ended; null while it has not. */
export function outcomeOf(run: Snapshot["run"]): RunOutcome {
  if (run.isCancelled && !isTimedOut(run)) return "cancelled"
  return run.state === "success" ? "success" : "failed"
}

/** The first failures of a task: its broken stream, then its first failed instances. */
export async function failuresOf({ store, call }: Session, expansion: ExpansionView): Promise<TaskFailure[]> {
  const { taskId, expansionId, streamError, stopReason } = expansion
  const stream = [stopReason, streamError].flatMap((error) =>
    error === null ? [] : { taskId, mapIndex: null, item: null, tryNumber: null, error },
  )
  if (expansion.failed === 0) return stream
  const instances = await call(
    store.listTaskInstances({ expansionId, states: ["failed"], afterIndex: -2, limit: failuresPerTask }),
  )
  const unknown = { type: "Error", message: "no error was recorded", stack: null }
  return [
    ...stream,
    ...instances.map(({ mapIndex, label, key, tryNumber, error }) => ({
      taskId,
      mapIndex,
      item: label ?? key,
      tryNumber,
      error: error ?? unknown,
    })),
  ]
}

async function lastValue(
  { store, call }: Session,
  dagRunId: string,
  dag: SerializedDag,
): Promise<RunResult["value"]> {
  const upstreams = new Set(dag.edges.map((edge) => edge.upstream))
  const leaf = dag.tasks.findLast((task) => task.kind === "task" && !upstreams.has(task.taskId))
  if (leaf === undefined) return null
  const { taskId, ordinal } = leaf
  const found = store.xcom({
    expansionId: expansionIdOf(dagRunId, ordinal),
    mapIndex: -1,
    key: "return_value",
  })
  const encoded = await orNull(call(found))
  return encoded === null ? null : { taskId, encoded }
}
