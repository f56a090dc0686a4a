/** Trials of the planner: it dies while a schedule ticks each second, and another makes up for what it missed. */
import { Effect } from "effect"
import { engineRoles } from "@sluice/core/engine"
import type { DagRunRow } from "@sluice/core/store"
import { eventually } from "../eventually.ts"
import { Records } from "../records.ts"
import type { World } from "../world.ts"
import { EngineChild } from "./engine-child.ts"
import { complaintsOf, type Lane, type Trial, untilDead, waitMsMax } from "./matrix-trial.ts"
import type { MatrixPoint } from "./points.ts"

const dagId = "seconds"
const tickMs = 1_000
/** The most runs that the trials of one lane look at. */
const runsMax = 1_000

/** A process that plans, and one that plays all the other roles. */
export class PlannerLane implements Lane {
  readonly #world: World
  #victim: EngineChild
  readonly #others: EngineChild

  private constructor(world: World) {
    this.#world = world
    this.#victim = new EngineChild(world, ["planner"])
    this.#others = new EngineChild(
      world,
      engineRoles.filter((role) => role !== "planner"),
    )
  }

  static async open(world: World): Promise<PlannerLane> {
    const lane = new PlannerLane(world)
    await Promise.all([lane.#victim.ready(), lane.#others.ready()])
    return lane
  }

  async run(point: MatrixPoint): Promise<Trial> {
    const victim = this.#victim
    await victim.arm(point)
    await untilDead(victim, point)
    const diedAt = performance.now()
    const before = (await this.#runs()).length
    this.#victim = new EngineChild(this.#world, ["planner"])
    await eventually("it goes on", async () => ((await this.#runs()).length > before ? true : undefined), {
      deadlineMs: waitMsMax,
    })
    const recoveryMs = performance.now() - diedAt
    const runs = await this.#runs()
    const complaints = [victim, this.#victim, this.#others].flatMap(complaintsOf)
    return {
      ...ticksOf(runs),
      ...this.#executions(runs),
      left: 0,
      point,
      state: "success",
      recoveryMs,
      complaints,
    }
  }

  async close(): Promise<(number | string)[]> {
    await Effect.runPromise(this.#world.store.setDagPaused({ dagId, isPaused: true, actor: "tester" }))
    return Promise.all([this.#victim.drain(), this.#others.drain()])
  }

  async #runs(): Promise<readonly DagRunRow[]> {
    return Effect.runPromise(this.#world.store.listDagRuns({ dagId, limit: runsMax }))
  }

  /** Its tasks run once each: the process that runs them is not killed. */
  #executions(runs: readonly DagRunRow[]): { ranAgain: number; pulledAgain: number } {
    const times = runs.map(({ runId }) => new Records(this.#world.folder, runId).count("ran"))
    return { ranAgain: times.reduce((sum, count) => sum + Math.max(0, count - 1), 0), pulledAgain: 0 }
  }
}

/** Ticks without a run, and runs beyond the first of a tick. */
function ticksOf(runs: readonly DagRunRow[]): { lost: number; doubled: number } {
  const ticks = runs.map((run) => run.logicalDate?.getTime() ?? Number.NaN)
  const distinct = new Set(ticks)
  const span = Math.max(...ticks) - Math.min(...ticks)
  return { lost: span / tickMs + 1 - distinct.size, doubled: ticks.length - distinct.size }
}
