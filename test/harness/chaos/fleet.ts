/** Several processes for each role, killed and replaced while a run goes on. */
import { type EngineRole, engineRoles } from "@sluice/core/engine"
import type { World } from "../world.ts"
import { EngineChild } from "./engine-child.ts"
import type { EngineSettings } from "./engine-main.ts"
import { complaintsOf } from "./matrix-trial.ts"

/** Processes of a world, and all that there ever were. */
export class Fleet {
  readonly #world: World
  readonly #all: EngineChild[] = []

  constructor(world: World) {
    this.#world = world
  }

  /** Starts so many processes of each role. */
  async start(each: number, roles: readonly EngineRole[] = engineRoles): Promise<void> {
    const started = roles.flatMap((role) => Array.from({ length: each }, () => this.add([role])))
    await Promise.all(started.map((child) => child.ready()))
  }

  add(roles: readonly EngineRole[], settings: Partial<EngineSettings> = {}): EngineChild {
    const child = new EngineChild(this.#world, roles, settings)
    this.#all.push(child)
    return child
  }

  get living(): readonly EngineChild[] {
    return this.#all.filter((child) => !child.hasEnded)
  }

  /** The calls of all processes that were refused. */
  get refused(): readonly string[] {
    return this.#all.flatMap((child) => child.refused)
  }

  /** Kills a process, and starts another in its place. */
  async replace(child: EngineChild): Promise<void> {
    await child.kill()
    this.add(child.roles)
  }

  /** What the processes have said that nothing explains; `alsoExpected` explains more. */
  complaints(alsoExpected?: RegExp): string[] {
    return this.#all.flatMap(complaintsOf).filter((line) => alsoExpected?.test(line) !== true)
  }

  /** Lets all run out; gives the exit codes of those that had not been killed. */
  async close(): Promise<(number | string)[]> {
    return Promise.all(this.living.map((child) => child.drain()))
  }
}
