/** One trial of the crash matrix: a run in whose middle a role dies at a point, and another takes its place. */
import { type EngineRole, engineRoles } from "@sluice/core/engine"
import type { World } from "../world.ts"
import { eventually } from "../eventually.ts"
import type { Run } from "../run.ts"
import { EngineChild } from "./engine-child.ts"
import type { Failpoint } from "./failpoint.ts"
import type { MatrixPoint } from "./points.ts"
import { judge, type Verdict } from "./verdict.ts"

/** Items of a run, and its pages. */
const total = 60

/** Far longer than a machine that does nothing else needs, for a death or the end of a run. */
export const waitMsMax = 60_000

/** What a trial found. */
export interface Trial extends Verdict {
  readonly point: MatrixPoint
  readonly state: string
  /** From the death of the role to the end of the run. */
  readonly recoveryMs: number
  /** What the processes wrote to their standard error, but for what is expected of them. */
  readonly complaints: readonly string[]
}

/** What a process may say while another dies: that it is dead. */
const expected =
  /^Warn: (engine \S+ \(.*\) has not been heard of for|\d+ leases of dead engines are offered again)/

/** Trials of one role, in a world of their own. */
export interface Lane {
  /** Lives through one trial. What took the dead role's place is the next trial's victim. */
  run(point: MatrixPoint): Promise<Trial>
  /** Lets the processes run out; gives their exit codes. */
  close(): Promise<(number | string)[]>
}

/** Waits until a process has killed itself at its point. */
export async function untilDead(child: EngineChild, { verb, when }: Failpoint): Promise<void> {
  const what = `${child.name} dies (${when} ${verb})`
  const hasEnded = () => (child.hasEnded ? true : undefined)
  const ended = eventually(what, hasEnded, { deadlineMs: waitMsMax })
  await ended.catch(async (error: unknown) => {
    await child.kill()
    throw error
  })
  const end = await child.ended
  if (end !== "SIGKILL") throw new Error(`${child.name} ended with ${end}: ${child.stderr}`)
}

/** A process that plays the role, and one that plays all the others. */
export class MatrixLane implements Lane {
  readonly #world: World
  readonly #role: EngineRole
  #victim: EngineChild
  #others: EngineChild

  private constructor(world: World, role: EngineRole) {
    this.#world = world
    this.#role = role
    this.#victim = this.#startVictim()
    this.#others = this.#startOthers({})
  }

  static async open(world: World, role: EngineRole): Promise<MatrixLane> {
    const lane = new MatrixLane(world, role)
    await Promise.all([lane.#victim.ready(), lane.#others.ready()])
    return lane
  }

  async run(point: MatrixPoint): Promise<Trial> {
    if (point.others !== undefined) await this.#replaceOthers(point.others)
    const victim = this.#victim
    if (point.othersDieAt !== undefined) await this.#others.arm(point.othersDieAt)
    // What is to be rescued must be there before the rescuer comes to its point; elsewhere it comes there no sooner.
    const isArmedLater = point.isOfEachTurn === true
    if (!isArmedLater) await victim.arm(point)
    const ahead = point.isQueued === true ? [await this.#world.startRun("chaos", { total })] : []
    const run = await this.#world.startRun("chaos", { total, ...point.conf })
    const runs = [...ahead, run]
    if (point.othersDieAt !== undefined) {
      await untilDead(this.#others, point.othersDieAt)
      if (isArmedLater) await victim.arm(point)
      this.#others = this.#startOthers({})
    }
    await untilDead(victim, point)
    const diedAt = performance.now()
    this.#victim = this.#startVictim()
    const { state } = await run.untilEnd(waitMsMax).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${[this.#victim, this.#others].map(describeChild).join("\n")}`)
    })
    const recoveryMs = performance.now() - diedAt
    await eventually("every page is folded", async () =>
      (await this.#judge(runs, point)).left === 0 ? true : undefined,
    )
    const complaints = [victim, this.#victim, this.#others].flatMap(complaintsOf)
    return { ...(await this.#judge(runs, point)), point, state, recoveryMs, complaints }
  }

  async close(): Promise<(number | string)[]> {
    return Promise.all([this.#victim.drain(), this.#others.drain()])
  }

  async #judge(runs: readonly Run[], point: MatrixPoint): Promise<Verdict> {
    const sum: Record<string, number> = {}
    for (const run of runs) {
      const verdict = await judge(this.#world, run, Number(point.conf?.["breaksAt"] ?? total))
      for (const [name, count] of Object.entries(verdict)) sum[name] = (sum[name] ?? 0) + Number(count)
    }
    return sum as unknown as Verdict
  }

  async #replaceOthers(given: NonNullable<MatrixPoint["others"]>): Promise<void> {
    await this.#others.drain()
    this.#others = await this.#startOthers(given).ready()
  }

  #startVictim(): EngineChild {
    return new EngineChild(this.#world, [this.#role])
  }

  #startOthers(given: NonNullable<MatrixPoint["others"]>): EngineChild {
    const roles = engineRoles.filter((role) => role !== this.#role)
    return new EngineChild(this.#world, roles, given)
  }
}

/** How a process stands, for the message of a test that fails. */
function describeChild({ name, hasEnded, refused, stderr }: EngineChild): string {
  return `${name}: ${hasEnded ? "ended" : "lives"}, refused: ${refused.join(" ")}\n${stderr}`
}

/** Lines of a process that nothing explains. */
export function complaintsOf(child: EngineChild): string[] {
  const lines = child.stderr.split("\n").filter((line) => line !== "" && !expected.test(line))
  return lines.map((line) => `${child.name}: ${line}`)
}
