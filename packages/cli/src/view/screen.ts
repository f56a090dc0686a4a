import type { Output } from "../output.ts"
import { widthOf } from "../output.ts"
import { clip, count } from "./numbers.ts"
import { type Column, tableLines } from "./table.ts"
import type { TaskProgress } from "./task-progress.ts"
import type { WindowUse } from "./waiting.ts"

/** How a run's head line looks. */
export interface ScreenHead {
  readonly title: string
  readonly state: string
  readonly elapsed: string
}

type Style = Output["style"]

/** How much room the window's gauge takes: a bar and numbers, numbers, a percentage. */
type GaugeForm = "bar" | "numbers" | "percent"

const gaugeForms: readonly GaugeForm[] = ["bar", "numbers", "percent"]
const barWidth = 10
/** Room for a hundred thousand from the start. */
const countWidth = 7

/** Draws a run as lines that fit a width. */
export function screenLines(
  head: ScreenHead,
  tasks: readonly TaskProgress[],
  { columns, style }: Pick<Output, "columns" | "style">,
): string[] {
  const widest = gaugeForms.map((form) => tableLines(columnsFor(tasks, form), tasks))
  const fits = (lines: string[]) => lines.every((line) => widthOf(line) <= columns - 1)
  const table = widest.find(fits) ?? widest.at(-1) ?? []
  const [titles = "", ...rows] = table
  const lines = [
    `${style("bold", head.title)}  ${styleState(style, head.state)}  ${head.elapsed}`,
    style("dim", clip(titles, columns - 1)),
  ]
  for (const [place, row] of rows.entries()) {
    const task = tasks[place]
    if (task === undefined) continue
    lines.push(colourRow(style, clip(row, columns - 1), task))
    if (task.waitsFor !== null) lines.push(style("dim", clip(`  └ ${task.waitsFor}`, columns - 1)))
  }
  return lines
}

function columnsFor(tasks: readonly TaskProgress[], form: GaugeForm): Column<TaskProgress>[] {
  const number = (
    title: string,
    of: (task: TaskProgress) => number | null,
    widthMin = 0,
  ): Column<TaskProgress> => ({
    title,
    align: "right",
    widthMin,
    cell: (task) => numberText(of(task)),
  })
  // A column that nothing ever stands in costs width that others need.
  const ifAny = (title: string, of: (task: TaskProgress) => number | null) =>
    tasks.some((task) => (of(task) ?? 0) > 0) ? [number(title, of)] : []
  return [
    { title: "task", cell: (task) => task.taskId },
    { title: "state", cell: (task) => task.state },
    number("pages", (task) => task.pulls),
    number("created", (task) => task.created, countWidth),
    number("running", (task) => task.running),
    number("done", (task) => task.done, countWidth),
    number("failed", (task) => task.failed),
    ...ifAny("skipped", (task) => task.skipped),
    ...ifAny("upstream failed", (task) => task.upstreamFailed),
    { title: "window", cell: (task) => gauge(task.window, form) },
    number("items/s", (task) => (task.itemsPerSecond === null ? null : Math.round(task.itemsPerSecond))),
  ]
}

function numberText(value: number | null): string {
  return value === null ? "" : count(value)
}

/** Draws how full a window is: `██████░░░░ 1,200/2,000`. */
export function gauge(use: WindowUse | null, form: GaugeForm): string {
  if (use === null) return ""
  const share = Math.min(1, Math.max(0, use.held / use.size))
  if (form === "percent") return `${Math.round(share * 100)}%`
  const numbers = `${count(use.held)}/${count(use.size)}`
  const filled = Math.round(share * barWidth)
  return form === "numbers" ? numbers : `${"█".repeat(filled)}${"░".repeat(barWidth - filled)} ${numbers}`
}

const stateStyles: Record<string, Parameters<Style>[0]> = {
  running: "cyan",
  open: "cyan",
  draining: "cyan",
  success: "green",
  failed: "red",
  upstream_failed: "yellow",
  cancelled: "yellow",
  "cancelling…": "yellow",
  skipped: "dim",
  waiting: "dim",
}

/** Colours the name of a state. */
export function styleState(style: Style, state: string): string {
  const found = stateStyles[state]
  return found === undefined ? state : style(found, state)
}

/** Colours the state within a laid out row; widths must stay. */
function colourRow(style: Style, row: string, task: TaskProgress): string {
  const at = row.indexOf(task.state, task.taskId.length)
  if (at < 0) return row
  return row.slice(0, at) + styleState(style, task.state) + row.slice(at + task.state.length)
}
