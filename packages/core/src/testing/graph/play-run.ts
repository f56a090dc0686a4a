/**
 * Plays a run of a DAG on the memory store, one step at a time in any order: the scheduler is the real one, and worker and
 * runner are as small as can be. Sources and lists are as long as said, and their items are numbers; what a loop goes
 * round with is what its tasks leave. For what becomes of a graph; what becomes of it when processes die, the simulation
 * tells.
 */
import { Effect, Logger } from "effect"
import { type DagDefinition, isSkip, serializeDag } from "../../dag/index.ts"
import { bind, createPullScope, Gap, isGap, type Page, type StreamReader } from "../../stream/index.ts"
import type { SerializedDag, SerializedTask } from "../../dag/serialized-dag.ts"
import type { TaskContext } from "../../dag/task-context.ts"
import { scheduleOnce } from "../../engine/scheduler.ts"
import type { ExpansionLease, ExpansionView } from "../../store/expansion-store.ts"
import type { Lease, RecordedException } from "../../store/lease-store.ts"
import { makeMemoryStore } from "../../store/memory.ts"
import type { StoreService } from "../../store/store.ts"

/** The one who works in a played run. */
const worker = "player"

/** How a run is played. */
export interface Play {
  /** How many items a source, or a list that is expanded, has; by task id of the source or of the map. */
  readonly lengths?: Readonly<Record<string, number>>
  /** Chooses which of `count` steps is next; the first unless it is given. */
  readonly pick?: (count: number) => number
}

/** A run that is being played. */
export interface PlayedRun {
  readonly store: StoreService
  readonly dagRunId: string
  /** Takes steps until nothing moves any more, or so many. */
  readonly toEnd: (stepsAtMost?: number) => Promise<void>
  readonly states: () => Promise<Record<string, string>>
  readonly runState: () => Promise<string>
  readonly view: (taskId: string) => Promise<ExpansionView>
}

/** The most steps of a run: one that takes more is going round in a circle. */
const stepsMax = 20_000

/** Makes a run of a DAG, to be played. */
export async function playRun(definition: DagDefinition, play: Play = {}): Promise<PlayedRun> {
  let now = 0
  const store = makeMemoryStore({ now: () => ++now })
  const dag = serializeDag(definition)
  await run(store.registerDag({ dag, bundle: { hash: "played", code: "", sourceMap: null } }))
  const made = { dagId: dag.dagId, runId: "played", runType: "manual", conf: {}, logicalDate: null } as const
  const { id: dagRunId } = await run(store.createDagRun(made))
  const player = new Player(store, definition, dag, play)
  const views = () => run(store.expansionsOfRun(dagRunId))
  return {
    store,
    dagRunId,
    toEnd: (stepsAtMost) => player.toEnd(stepsAtMost),
    states: async () => Object.fromEntries((await views()).map((view) => [view.taskId, view.state])),
    runState: async () => (await run(store.dagRunById(dagRunId))).state,
    view: async (taskId) => {
      const view = (await views()).find((each) => each.taskId === taskId)
      if (view === undefined) throw new Error(`the run has no task "${taskId}"`)
      return view
    },
  }
}

class Player {
  readonly #store: StoreService
  readonly #definition: DagDefinition
  readonly #dag: SerializedDag
  readonly #play: Play

  constructor(store: StoreService, definition: DagDefinition, dag: SerializedDag, play: Play) {
    this.#store = store
    this.#definition = definition
    this.#dag = dag
    this.#play = play
  }

  async toEnd(stepsAtMost = stepsMax): Promise<void> {
    const steps = [() => this.#schedule(), () => this.#work(), () => this.#pull(), () => this.#fold()]
    for (let taken = 0; taken < stepsAtMost; taken++) {
      const first = this.#play.pick?.(steps.length) ?? 0
      const order = [...steps.slice(first), ...steps.slice(0, first)]
      let hasMoved = false
      for (const step of order) hasMoved ||= await step()
      if (!hasMoved) return
    }
    if (stepsAtMost < stepsMax) return
    throw new Error(`the run has not come to its end after ${stepsMax} steps`)
  }

  async #schedule(): Promise<boolean> {
    const due = await run(this.#store.dueExpansions({ limit: 1 }))
    const hasMore = await run(scheduleOnce(this.#store))
    return due.length > 0 || hasMore
  }

  async #fold(): Promise<boolean> {
    return (await run(this.#store.fold({ expansionIds: null, limit: 100 }))).pages > 0
  }

  async #work(): Promise<boolean> {
    const turns = { after: null, offersAfter: null, offersFirst: true, sizes: [], held: [], past: null }
    const claim = { workerId: worker, limit: 100, leaseSeconds: 1_000_000, sizeDefault: 2, ...turns }
    const { leases } = await run(this.#store.claim(claim))
    const lease = leases[this.#play.pick?.(leases.length) ?? 0]
    for (const other of leases.filter((each) => each !== lease))
      await run(this.#store.release({ workerId: worker, leaseId: other.leaseId, split: false }))
    if (lease === undefined) return false
    await this.#complete(lease)
    return true
  }

  async #complete(lease: Lease): Promise<void> {
    const task = await this.#taskOf(lease.expansionId)
    const range = Array.from({ length: lease.count }, (_, place) => lease.firstIndex + place)
    const indexes = lease.indexes ?? range
    const exceptions: RecordedException[] = []
    const successes: { index: number; value: string }[] = []
    for (const [place, mapIndex] of indexes.entries()) {
      if (lease.recorded.includes(mapIndex)) continue
      try {
        const ctx = { taskId: task.taskId, mapIndex, tryNumber: lease.tryNumber } as TaskContext
        const input = await this.#inputOf(lease, task, place)
        const value = await this.#definition.node(task.taskId).run(input, ctx)
        successes.push({ index: mapIndex, value: JSON.stringify(value) ?? "null" })
      } catch (thrown) {
        const state = isSkip(thrown) ? "skipped" : "failed"
        const error = { type: "Error", message: (thrown as Error).message, stack: null }
        exceptions.push({ mapIndex, state, error, retryDelayMs: null, startedMs: 0, endedMs: 0 })
      }
    }
    await run(
      this.#store.complete({
        ...{
          workerId: worker,
          leaseId: lease.leaseId,
          isRetry: lease.isRetry,
          remainingBefore: lease.remaining,
        },
        indexes: successes.map(({ index }) => index),
        values: `[${successes.map(({ value }) => value).join(",")}]`,
        ...{ timings: null, exceptions, xcoms: [], assetEvents: [], leaseSeconds: 1_000_000 },
      }),
    )
  }

  async #inputOf({ expansionId, items }: Lease, task: SerializedTask, place: number): Promise<unknown> {
    const item: unknown = items === null ? undefined : (JSON.parse(items) as unknown[])[place]
    const dagRunId = String(BigInt(expansionId) / 4096n)
    const reader = this.#reader(dagRunId)
    const signal = new AbortController().signal
    const xcoms = new Map<string, unknown>()
    for (const taskId of task.xcomInputs) xcoms.set(taskId, await reader.readXCom({ taskId, signal }))
    const node = this.#definition.node(task.taskId)
    return this.#definition.buildInput(node, item, xcoms, (stream) => bind(stream, { reader }))
  }

  #reader(dagRunId: string): StreamReader {
    const idOf = (taskId: string) => String(BigInt(dagRunId) * 4096n + BigInt(this.#ordinalOf(taskId)))
    return {
      readStream: async ({ taskId, fromIndex, limit }) => {
        const slice = await run(this.#store.readStream({ expansionId: idOf(taskId), fromIndex, limit }))
        const items = slice.items.map((item, place) =>
          typeof item === "string" ? (JSON.parse(item) as unknown) : new Gap(item.gap, fromIndex + place),
        )
        return { items, nextIndex: slice.nextIndex, exhausted: slice.exhausted }
      },
      readXCom: async ({ taskId }) => {
        const asked = { expansionId: idOf(taskId), mapIndex: -1, key: "return_value" }
        const text = await run(
          this.#store.xcom(asked).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null))),
        )
        return text === null ? undefined : (JSON.parse(text) as unknown)
      },
    }
  }

  async #pull(): Promise<boolean> {
    const held = await run(this.#store.leaseExpansions({ runnerId: worker, limit: 100, leaseSeconds: 0 }))
    const lease = held[this.#play.pick?.(held.length) ?? 0]
    let hasPulled = false
    // The first of them that can be pulled: a stream of results may have nothing new.
    for (const each of lease === undefined ? [] : [lease, ...held]) hasPulled ||= await this.#pullPage(each)
    return hasPulled
  }

  async #pullPage(lease: ExpansionLease): Promise<boolean> {
    const task = await this.#taskOf(lease.expansionId)
    if (this.#dag.loops.some(({ iterations, body }) => [iterations, ...body].includes(task.taskId)))
      return this.#pullStep(lease, task)
    const at = Number(lease.cursor ?? 0)
    const leaf = task.mapping?.leaves[0]
    const page =
      leaf?.kind === "stream" ? await this.#resultsOf(lease, leaf.taskId, at) : this.#listOf(task, at)
    if (page === null) return false
    const gaps = page.items.flatMap((item, position) =>
      typeof item === "string" ? [] : [{ position, state: item.gap }],
    )
    await run(
      this.#store.commitPage({
        ...{ expansionId: lease.expansionId, epoch: lease.epoch, keys: null, labels: null, gaps, pulls: 1 },
        items: page.items.map((item) => (typeof item === "string" ? item : null)),
        cursor: page.exhausted ? null : String(at + page.items.length),
        exhausted: page.exhausted,
        resume: null,
        consumed:
          leaf?.kind === "stream"
            ? [{ ordinal: this.#ordinalOf(leaf.taskId), index: at + page.items.length }]
            : [],
        fusedSources: leaf?.kind === "fused" && page.exhausted ? [this.#ordinalOf(leaf.taskId)] : [],
      }),
    )
    return true
  }

  /** Pulls what a loop goes round with, or a task of it, as a host does. */
  async #pullStep(lease: ExpansionLease, task: SerializedTask): Promise<boolean> {
    const { stream } = this.#definition.inputStream(this.#definition.node(task.taskId))
    const scope = createPullScope({ reader: this.#reader(lease.dagRunId), pageSize: 1 })
    const from = lease.cursor === null ? stream.start : (JSON.parse(lease.cursor) as Page<unknown>["next"])
    const page = await stream.pull(from, scope)
    if (page.waiting === true) return false
    const gaps = page.items.flatMap((item, position) =>
      isGap(item) ? [{ position, state: item.state }] : [],
    )
    const end = page.end !== undefined && "resume" in page.end ? page.end : null
    await run(
      this.#store.commitPage({
        ...{ expansionId: lease.expansionId, epoch: lease.epoch, keys: null, labels: null, gaps, pulls: 1 },
        items: page.items.map((item) => (isGap(item) ? null : JSON.stringify(item))),
        cursor: page.next === null ? null : JSON.stringify(page.next),
        exhausted: page.next === null,
        resume: end === null ? null : { cursor: JSON.stringify(end.resume), skip: 0, stoppedBy: null },
        ...{ consumed: [], fusedSources: [] },
      }),
    )
    return true
  }

  #listOf(task: SerializedTask, at: number) {
    const leaf = task.mapping?.leaves[0]
    const name = leaf?.kind === "fused" ? leaf.taskId : task.taskId
    const length = this.#play.lengths?.[name] ?? 0
    const items = Array.from({ length: Math.min(2, length - at) }, (_, place) => String(at + place))
    return { items, exhausted: at + items.length >= length }
  }

  async #resultsOf({ dagRunId }: ExpansionLease, taskId: string, at: number) {
    const views = await run(this.#store.expansionsOfRun(dagRunId))
    const expansionId = views.find((view) => view.taskId === taskId)?.expansionId ?? ""
    const slice = await run(this.#store.readStream({ expansionId, fromIndex: at, limit: 2 }))
    return slice.items.length === 0 && !slice.exhausted ? null : slice
  }

  async #taskOf(expansionId: string): Promise<SerializedTask> {
    const ordinal = Number(BigInt(expansionId) % 4096n)
    const task = this.#dag.tasks[ordinal]
    if (task === undefined) throw new Error(`no task has the ordinal ${ordinal}`)
    return task
  }

  #ordinalOf(taskId: string): number {
    return this.#dag.tasks.findIndex((task) => task.taskId === taskId)
  }
}

function run<A, E>(effect: Effect.Effect<A, E>): Promise<A> {
  return Effect.runPromise(effect.pipe(Effect.provide(Logger.layer([]))))
}
