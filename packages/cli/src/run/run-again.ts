import {
  clear,
  redrive,
  type ClearOptions,
  type DownstreamEffect,
  type RedriveOptions,
  type RedriveReport,
} from "@sluice/core/engine"
import { isTagged, type DagRunRow } from "@sluice/core/store"
import type { Output } from "../output.ts"
import { Problem } from "../problem.ts"
import type { Session } from "../session.ts"
import { count } from "../view/numbers.ts"
import { findTask } from "./find-task.ts"

/** Runs instances of a task of a run again. */
export async function runAgain(
  session: Session,
  run: DagRunRow,
  options: Omit<RedriveOptions, "dagRunId">,
): Promise<RedriveReport> {
  // For its message, which names the tasks that there are.
  await findTask(session, run, options.taskId)
  return orProblem(session.call(redrive(session.store, { ...options, dagRunId: run.id })))
}

/** Runs tasks of a run again. */
export async function clearTasks(
  session: Session,
  run: DagRunRow,
  options: Omit<ClearOptions, "dagRunId">,
): Promise<readonly RedriveReport[]> {
  for (const { taskId } of options.tasks) await findTask(session, run, taskId)
  return orProblem(session.call(clear(session.store, { ...options, dagRunId: run.id })))
}

async function orProblem<A>(call: Promise<A>): Promise<A> {
  try {
    return await call
  } catch (error) {
    if (isTagged(error, "RedriveRefused")) throw new Problem((error as Error).message)
    throw error
  }
}

/** Tells what was, or would be, run again, and how it goes on. */
export async function tellRunAgain(
  out: Output,
  run: DagRunRow,
  reports: readonly RedriveReport[],
  { isDryRun, advice, isJson }: { isDryRun: boolean; advice: string; isJson: boolean },
): Promise<void> {
  const selected = reports.reduce((sum, report) => sum + report.selected, 0)
  if (isJson) {
    return out.line(
      JSON.stringify({
        dag_id: run.dagId,
        run_id: run.runId,
        is_dry_run: isDryRun,
        selected,
        tasks: reports.map(jsonOf),
      }),
    )
  }
  for (const report of reports) for (const line of linesOf(report, isDryRun)) await out.line(line)
  if (selected === 0) return
  await out.line(
    isDryRun
      ? advice
      : `${run.dagId} ${run.runId} is running: \`sluice run <file> --resume\` takes it to its end, unless an engine has it`,
  )
}

function linesOf({ taskId, selected, downstream, notes }: RedriveReport, isDryRun: boolean): string[] {
  const told = notes.map((note) => `note: ${note}`)
  if (selected === 0) return [`${taskId}: no instance to run again`, ...told]
  const verb = isDryRun ? "would run" : "run"
  return [
    `${taskId}: ${count(selected)} ${selected === 1 ? "instance" : "instances"} ${verb} again`,
    ...downstream.map((effect) => `  ${effect.taskId}: ${effectOf(effect)}`),
    ...told,
  ]
}

function effectOf(effect: DownstreamEffect): string {
  if (effect.runs === "anew") return "begins anew"
  if (effect.runs === "nothing") return `stays as it is: ${effect.reason}`
  return `${count(effect.instances)} of its instances follow`
}

function jsonOf({ taskId, selected, downstream, notes }: RedriveReport) {
  return {
    task_id: taskId,
    selected,
    downstream: downstream.map((effect) => ({
      task_id: effect.taskId,
      runs: effect.runs,
      ...(effect.runs === "instances" && { instances: effect.instances }),
      ...(effect.runs === "nothing" && { reason: effect.reason }),
    })),
    notes,
  }
}
