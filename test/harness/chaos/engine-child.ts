import { type ChildProcess, fork } from "node:child_process"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { EngineRole } from "@sluice/core/engine"
import { eventually } from "../eventually.ts"
import type { World } from "../world.ts"
import type { EngineSettings, FromEngine } from "./engine-main.ts"
import type { Failpoint, FailpointVerb } from "./failpoint.ts"

const main = fileURLToPath(new URL("./engine-main.ts", import.meta.url))

/** Leases and promises of the processes that are killed: short, so that others need not wait long for what they held. */
export const leaseSeconds = 1.5
export const deadAfterSeconds = 1.5

let count = 0

/** An engine in a process of its own. */
export class EngineChild {
  readonly name: string
  readonly roles: readonly EngineRole[]
  /** What it wrote to its standard error. */
  stderr = ""
  /** Its calls that were refused, since what it held was not its own any more. */
  readonly refused: FailpointVerb[] = []
  /** What it ended with: its code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  readonly #child: ChildProcess
  #end: number | string | undefined
  #said = new Set<FromEngine["type"]>()

  constructor(world: World, roles: readonly EngineRole[], given: Partial<EngineSettings> = {}) {
    count += 1
    this.roles = roles
    this.name = `${roles.join("+")}-${count}`
    const settings: EngineSettings = {
      url: world.url,
      name: this.name,
      roles,
      leaseSeconds,
      deadAfterSeconds,
      recordsFolder: world.folder,
      ...given,
    }
    this.#child = fork(main, [JSON.stringify(settings)], {
      execArgv: ["--conditions=@sluice/source"],
      // Half of what a start costs is reading TypeScript that the process before it has read too.
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache") },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    })
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text))
    this.#child.on("message", (message) => this.#hear(message as FromEngine))
    this.ended = new Promise((resolve) => {
      this.#child.on("close", (code, signal) => {
        this.#end = code ?? signal ?? "?"
        resolve(this.#end)
      })
    })
  }

  get hasEnded(): boolean {
    return this.#end !== undefined
  }

  /** Waits until its roles are under way. */
  async ready(): Promise<this> {
    await this.#until("ready")
    return this
  }

  /** Tells it where to die. */
  async arm(point: Failpoint): Promise<void> {
    await this.ready()
    this.#said.delete("armed")
    this.#child.send(point)
    await this.#until("armed")
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Kills it, as by a power cut. */
  async kill(): Promise<void> {
    this.signal("SIGKILL")
    await this.ended
  }

  /** Lets it run out; gives its exit code. */
  async drain(): Promise<number | string> {
    if (!this.hasEnded) {
      // Before that it would not know what the signal asks for.
      await this.ready()
      this.signal("SIGTERM")
    }
    return this.ended
  }

  #hear(message: FromEngine): void {
    if (message.type === "refused") this.refused.push(message.verb)
    else this.#said.add(message.type)
  }

  async #until(type: FromEngine["type"]): Promise<void> {
    await eventually(`${this.name} is ${type}`, () => {
      if (this.#said.has(type)) return true
      if (this.hasEnded)
        throw new Error(`${this.name} ended (${this.#end}) before it was ${type}: ${this.stderr}`)
      return undefined
    })
  }
}
