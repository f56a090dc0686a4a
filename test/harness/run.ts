import { Effect } from "effect"
import type {
  DagRunRow,
  EventRow,
  ExpansionView,
  LogRow,
  MapChange,
  StoreService,
  TaskInstanceView,
  TaskTryRow,
} from "@sluice/core/store"
import {
  cancelMap,
  changeMap,
  clear,
  type ClearOptions,
  extendExpansion,
  type ExtendOptions,
  type ExtendReport,
  redrive,
  type InstanceSelection,
  type RedriveOptions,
  type RedriveReport,
} from "@sluice/core/engine"
import type { TaskInstanceState } from "@sluice/core/state"
import { decode } from "@sluice/host/codec"
import { deadlineMs, eventually } from "./eventually.ts"
import { Records } from "./records.ts"

/** The most rows that one read of a list gives. */
const listMax = 1_000

/** One DagRun under test. */
export class Run {
  readonly id: string
  readonly runId: string
  readonly dagId: string
  readonly records: Records
  readonly #store: StoreService

  constructor(store: StoreService, row: DagRunRow, recordsFolder: string) {
    this.#store = store
    this.id = row.id
    this.runId = row.runId
    this.dagId = row.dagId
    this.records = new Records(recordsFolder, row.runId)
  }

  row(): Promise<DagRunRow> {
    return Effect.runPromise(this.#store.dagRunById(this.id))
  }

  /** Waits for the end, and gives the run's last state. */
  async untilEnd(waitMs = deadlineMs): Promise<DagRunRow> {
    const ended = async () => {
      const row = await this.row()
      return row.state === "success" || row.state === "failed" ? row : undefined
    }
    return eventually(`run ${this.runId} ends`, ended, { deadlineMs: waitMs, report: () => this.report() })
  }

  /** How the run stands, for the message of a test that fails. */
  async report(): Promise<string> {
    const views = await this.views()
    return views
      .map((view) =>
        Object.entries(view)
          .flatMap(([key, value]) =>
            value === null || value === 0 ? [] : [`${key}=${JSON.stringify(value)}`],
          )
          .join(" "),
      )
      .join("\n")
  }

  views(): Promise<readonly ExpansionView[]> {
    return Effect.runPromise(this.#store.expansionsOfRun(this.id))
  }

  async view(taskId: string): Promise<ExpansionView> {
    const found = (await this.views()).find((view) => view.taskId === taskId)
    if (found === undefined) throw new Error(`run ${this.runId} has no task "${taskId}"`)
    return found
  }

  /** The state of each task. */
  async states(): Promise<Record<string, string>> {
    return Object.fromEntries((await this.views()).map((view) => [view.taskId, view.state]))
  }

  /** Waits until a task's view is as it should be. */
  untilView(taskId: string, what: string, isSo: (view: ExpansionView) => boolean): Promise<ExpansionView> {
    const ask = async () => {
      const view = await this.view(taskId)
      return isSo(view) ? view : undefined
    }
    return eventually(`${taskId}: ${what}`, ask, { report: () => this.report() })
  }

  /** All instances of a task, in index order. */
  async instances(taskId: string, states?: readonly TaskInstanceState[]): Promise<TaskInstanceView[]> {
    const { expansionId } = await this.view(taskId)
    const all: TaskInstanceView[] = []
    for (let afterIndex = -2; ;) {
      const options = { expansionId, afterIndex, limit: listMax, ...(states !== undefined && { states }) }
      const rows = await Effect.runPromise(this.#store.listTaskInstances(options))
      all.push(...rows)
      const last = rows.at(-1)
      if (rows.length < listMax || last === undefined) return all
      afterIndex = last.mapIndex
    }
  }

  /** The state of each instance, by its index. */
  async instanceStates(taskId: string): Promise<string[]> {
    return (await this.instances(taskId)).map((instance) => instance.state)
  }

  /** What an instance returned, or pushed under a key. */
  async result(taskId: string, mapIndex = -1, key = "return_value"): Promise<unknown> {
    const { expansionId } = await this.view(taskId)
    return decode(await Effect.runPromise(this.#store.xcom({ expansionId, mapIndex, key })))
  }

  async tries(taskId: string, mapIndex = -1): Promise<readonly TaskTryRow[]> {
    const { expansionId } = await this.view(taskId)
    return Effect.runPromise(this.#store.taskTries({ expansionId, mapIndex }))
  }

  async logs(taskId: string, mapIndex?: number): Promise<readonly LogRow[]> {
    const { expansionId } = await this.view(taskId)
    const of = mapIndex === undefined ? {} : { mapIndex }
    return Effect.runPromise(this.#store.readLogs({ expansionId, after: null, limit: listMax, ...of }))
  }

  /** Cancels the run by hand, as the CLI does. */
  async cancel(note = "cancelled by the test"): Promise<boolean> {
    const isDone = await Effect.runPromise(
      this.#store.cancelDagRun({ dagRunId: this.id, note, actor: "tester" }),
    )
    this.#store.wake("control")
    this.#store.wake("run")
    return isDone
  }

  /** Pauses, resumes or resizes one map, as the CLI does. */
  async changeMap(taskId: string, change: MapChange): Promise<boolean> {
    const { expansionId } = await this.view(taskId)
    return Effect.runPromise(changeMap(this.#store, { expansionId, actor: "tester", change }))
  }

  /** Cancels one map, as the CLI does. */
  async cancelMap(taskId: string): Promise<void> {
    const { expansionId } = await this.view(taskId)
    await Effect.runPromise(cancelMap(this.#store, { expansionId, actor: "tester" }))
  }

  /** What the event log has of the run, oldest first. */
  async events(): Promise<readonly EventRow[]> {
    const call = this.#store.listEvents({ dagRunId: this.id, before: null, limit: listMax })
    return (await Effect.runPromise(call)).toReversed()
  }

  /** Runs instances of a task again, the failed ones unless `select` says otherwise. */
  async redrive(
    taskId: string,
    select: Partial<InstanceSelection> = {},
    options: Partial<RedriveOptions> = {},
  ): Promise<RedriveReport> {
    const call = redrive(this.#store, {
      dagRunId: this.id,
      taskId,
      select: { states: ["failed"], ...select },
      downstream: true,
      isDryRun: false,
      actor: "tester",
      event: "redriven",
      ...options,
    })
    return Effect.runPromise(call)
  }

  /** Goes on where a task's source ended. */
  async extend(taskId: string, options: Partial<ExtendOptions> = {}): Promise<ExtendReport> {
    const { expansionId } = await this.view(taskId)
    return Effect.runPromise(extendExpansion(this.#store, { expansionId, actor: "tester", ...options }))
  }

  /** Runs tasks again, with what is downstream of them. */
  async clear(
    taskIds: readonly string[],
    { indexes, ...options }: Partial<ClearOptions> & { indexes?: { from: number; to: number } } = {},
  ): Promise<readonly RedriveReport[]> {
    const tasks = taskIds.map((taskId) => ({ taskId, ...(indexes !== undefined && { indexes }) }))
    const common = { onlyFailed: false, downstream: true, isDryRun: false, actor: "tester" }
    return Effect.runPromise(clear(this.#store, { dagRunId: this.id, tasks, ...common, ...options }))
  }

  async resume(): Promise<boolean> {
    const isDone = await Effect.runPromise(this.#store.resumeDagRun({ dagRunId: this.id, actor: "tester" }))
    for (const topic of ["due", "open", "work", "trigger"] as const) this.#store.wake(topic)
    return isDone
  }
}
