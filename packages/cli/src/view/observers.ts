/** The three faces of a run under way: a live screen, plain lines, JSON lines. */
import { runStateText } from "./run-state.ts"
import type { SerializedDag } from "@sluice/core/dag"
import type { CliContext } from "../context.ts"
import type { RunObserver, RunStart } from "../run/run-dag.ts"
import type { RunResult } from "../run/run-result.ts"
import type { Snapshot } from "../run/watch-run.ts"
import { ProgressHistory } from "./history.ts"
import { expansionJson, resultJson, runJson } from "./json-view.ts"
import { LiveScreen } from "./live-screen.ts"
import { count, seconds } from "./numbers.ts"
import { screenLines } from "./screen.ts"
import { summaryLines } from "./summary.ts"
import { type TaskProgress, taskProgress } from "./task-progress.ts"

/** Shows a run while it goes on, and how it ended. */
export interface RunView extends RunObserver {
  ended(result: RunResult): Promise<void>
  /** Gives the terminal back, also after an error. */
  close(): Promise<void>
}

/** Chooses by what stands at the other end. */
export function makeRunView(context: CliContext, options: { readonly json: boolean }): RunView {
  if (options.json) return jsonView(context)
  return context.out.isTerminal ? liveView(context) : plainView(context)
}

const liveEveryMs = 200
const plainEveryMs = 1_000

function liveView({ out }: CliContext): RunView {
  const screen = new LiveScreen(out)
  const history = new ProgressHistory()
  let start: RunStart | undefined
  let isCancelling = false
  const draw = (snapshot: Snapshot) => {
    if (start === undefined) return Promise.resolve()
    const { run } = snapshot
    const state = isCancelling && run.state === "running" ? "cancelling…" : runStateText(run)
    const head = { title: `${run.dagId}  ${run.runId}`, state, elapsed: elapsedOf(snapshot) }
    return screen.draw(screenLines(head, taskProgress(start.dag, snapshot, history), out))
  }
  let last: Snapshot | undefined
  return {
    everyMs: liveEveryMs,
    started: async (begun) => {
      start = begun
      for (const note of notesOf(begun)) await out.line(note)
    },
    progress: (snapshot) => {
      last = snapshot
      history.add(snapshot)
      return draw(snapshot)
    },
    cancelling: async () => {
      isCancelling = true
      await screen.print([out.style("yellow", cancellingText)])
    },
    log: (level, message, details) => {
      void screen
        .print([out.style(level === "error" ? "red" : "yellow", logText(level, message, details))])
        .then(() => (last === undefined ? undefined : draw(last)))
    },
    ended: async (result) => screen.print(summaryLines(result, out.style)),
    close: () => screen.close(),
  }
}

function plainView({ out, err }: CliContext): RunView {
  const history = new ProgressHistory()
  let dag: SerializedDag | undefined
  const before = new Map<string, string>()
  return {
    everyMs: plainEveryMs,
    started: async (begun) => {
      dag = begun.dag
      for (const note of notesOf(begun)) await out.line(note)
      const verb = begun.isResumed ? "goes on" : "starts"
      await out.line(`${begun.run.dagId} ${begun.run.runId} ${verb}`)
    },
    progress: async (snapshot) => {
      history.add(snapshot)
      if (dag === undefined) return
      for (const task of taskProgress(dag, snapshot, history)) {
        const text = plainLine(task)
        // What stands still is not repeated.
        if (before.get(task.taskId) === text || task.state === "waiting") continue
        before.set(task.taskId, text)
        await out.line(`${elapsedOf(snapshot).padStart(7)}  ${text}`)
      }
    },
    cancelling: () => err.line(cancellingText),
    log: (level, message, details) => void err.line(logText(level, message, details)),
    ended: async (result) => {
      for (const line of summaryLines(result, out.style)) await out.line(line)
    },
    close: () => Promise.resolve(),
  }
}

/** A task's progress in a line of `name=value`, so that it can be grepped. */
export function plainLine(task: TaskProgress): string {
  const fields: [string, number | null | undefined][] = [
    ["pages", task.pulls],
    ["created", task.created],
    ["running", task.running],
    ["done", task.done],
    ["failed", task.failed],
    ["skipped", task.skipped === 0 ? null : task.skipped],
    ["upstream_failed", task.upstreamFailed === 0 ? null : task.upstreamFailed],
  ]
  const said = fields.flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [`${name}=${value}`],
  )
  const window =
    task.window === null || task.state !== "open" ? [] : [`window=${task.window.held}/${task.window.size}`]
  const note = task.waitsFor === null || task.waitsFor.startsWith("reads page") ? [] : [`(${task.waitsFor})`]
  return [task.taskId, task.state, ...said, ...window, ...note].join(" ")
}

function jsonView({ out, err }: CliContext): RunView {
  const print = (value: object) => out.line(JSON.stringify(value))
  return {
    everyMs: plainEveryMs,
    started: ({ run, isResumed }) => print({ type: "run", is_resumed: isResumed, ...runJson(run) }),
    progress: ({ run, expansions }) =>
      print({ type: "progress", at: new Date(), state: run.state, tasks: expansions.map(expansionJson) }),
    cancelling: () => err.line(cancellingText),
    log: (level, message, details) => void err.line(logText(level, message, details)),
    ended: (result) => print(resultJson(result)),
    close: () => Promise.resolve(),
  }
}

const cancellingText = "cancelling: what runs is being stopped (Ctrl-C again stops at once)"

function logText(level: string, message: string, details: string | null): string {
  return `${level}: ${message}${details === null ? "" : `\n${details}`}`
}

function elapsedOf({ run }: Snapshot): string {
  const startedAt = run.startedAt ?? run.queuedAt
  return seconds((run.endedAt ?? new Date()).getTime() - startedAt.getTime())
}

/** What a person should know before the run goes on. */
function notesOf({ isResumed, run, others, dag }: RunStart): string[] {
  const resumed = isResumed ? [`goes on with ${run.runId}, ${count(dag.tasks.length)} tasks`] : []
  const beside = others.map(
    (other) =>
      `note: ${other.dagId} ${other.runId} is unfinished and is worked on too (end it: sluice runs cancel ${other.dagId}/${other.runId})`,
  )
  return [...resumed, ...beside]
}
