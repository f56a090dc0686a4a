import { firstUserFrame } from "../stack.ts"
import type { Output } from "../output.ts"
import type { RunResult, TaskFailure } from "../run/run-result.ts"
import { isTimedOut } from "./run-state.ts"
import { ProgressHistory } from "./history.ts"
import { instanceName } from "./instance-name.ts"
import { clip, count, seconds } from "./numbers.ts"
import { readableJson } from "./readable-value.ts"
import { styleState } from "./screen.ts"
import { type Column, tableLines } from "./table.ts"
import { type TaskProgress, taskProgress } from "./task-progress.ts"

/** A result longer than this is left to `sluice xcom get`. */
const shownCharsMax = 2_000
/** The most failures that are told, over all tasks. */
const failuresMax = 8

/** An ended run, or one that is looked at while it runs. */
export type ShownResult = Omit<RunResult, "outcome"> & { readonly outcome: RunResult["outcome"] | "running" }

/** Says how a run ended: outcome, counts of each task, failures, the last result. */
export function summaryLines(result: ShownResult, style: Output["style"]): string[] {
  const { run, outcome } = result
  const tasks = taskProgress(result.dag, result, new ProgressHistory())
  const took = run.endedAt === null ? "" : ` in ${seconds(run.endedAt.getTime() - startOf(run).getTime())}`
  return [
    `${styleState(style, outcome)}${took}  ${run.dagId} ${run.runId}`,
    ...tableLines(summaryColumns(tasks), tasks).map((line) => `  ${line}`),
    ...failureLines(result, style),
    ...valueLines(result),
    ...(run.awaitsParse && run.note !== null ? [run.note] : []),
    ...(isTimedOut(run) ? [`${run.note ?? ""}; --resume goes on where it stood`] : []),
    ...(outcome === "cancelled" ? ["run it again with --resume to go on where it stood"] : []),
  ]
}

function startOf(run: RunResult["run"]): Date {
  return run.startedAt ?? run.queuedAt
}

function summaryColumns(tasks: readonly TaskProgress[]): Column<TaskProgress>[] {
  const number = (title: string, of: (task: TaskProgress) => number | null): Column<TaskProgress> => ({
    title,
    align: "right",
    cell: (task) => {
      const value = of(task)
      return value === null ? "" : count(value)
    },
  })
  const ifAny = (title: string, of: (task: TaskProgress) => number | null) =>
    tasks.some((task) => (of(task) ?? 0) > 0) ? [number(title, of)] : []
  return [
    { title: "task", cell: (task) => task.taskId },
    { title: "state", cell: (task) => task.state },
    ...ifAny("pages", (task) => task.pulls),
    number("created", (task) => task.created),
    ...ifAny("duplicates", (task) => task.duplicates),
    ...ifAny("deferred", (task) => task.deferred),
    number("success", (task) => task.done),
    number("failed", (task) => task.failed),
    ...ifAny("skipped", (task) => task.skipped),
    ...ifAny("upstream_failed", (task) => task.upstreamFailed),
  ]
}

function failureLines(result: ShownResult, style: Output["style"]): string[] {
  const { failures, expansions, run } = result
  if (failures.length === 0) return []
  const streams = failures.filter((failure) => failure.mapIndex === null).length
  const failed = streams + expansions.reduce((sum, view) => sum + view.failed, 0)
  const shown = failures.slice(0, failuresMax)
  const more =
    failed > shown.length
      ? [`  … ${count(failed - shown.length)} more: sluice tasks list ${run.runId} --state failed`]
      : []
  return [
    `${style("red", "errors")} (${count(failed)})`,
    ...shown.map((failure) => `  ${failureLine(failure)}`),
    ...more,
  ]
}

/** A failure in a line: `upsert[12] try 3: TypeError: … (dags/users.ts:12:5)`. */
export function failureLine({ taskId, mapIndex, item, tryNumber, error }: TaskFailure): string {
  const frame = firstUserFrame(error.stack)
  const place = frame === null ? "" : ` (${frame})`
  const tries = tryNumber === null || tryNumber < 2 ? "" : ` try ${tryNumber}`
  const message = clip(error.message.replaceAll(/\s*\n\s*/g, " "), 400)
  return `${instanceName(taskId, mapIndex, item)}${tries}: ${error.type}: ${message}${place}`
}

function valueLines({ value, run }: ShownResult): string[] {
  if (value === null || value.encoded === '{"$sluice":"undefined"}') return []
  const text = readableJson(value.encoded)
  if (text === "null") return []
  if (text.length > shownCharsMax)
    return [
      `${value.taskId} returned ${count(text.length)} characters: sluice xcom get ${run.runId} ${value.taskId}`,
    ]
  return [`${value.taskId} returned ${text}`]
}
