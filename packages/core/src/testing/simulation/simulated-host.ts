import { HostLost } from "../../host/host-pool.ts"
import type { OwnedPullScope } from "../../stream/create-pull-scope.ts"
import type { StreamReader } from "../../stream/stream-reader.ts"
import type { World } from "./world.ts"

/** Something that a host was asked to do. */
export interface HostCall {
  readonly startedAt: number
  /** How many instances run now; 0 for a pull. */
  readonly runningNow: () => number
  readonly onLost: (lost: HostLost) => void
  /** Set when something else ran in the host beside it. */
  hadCompany: boolean
}

/** A pipeline that stays open between pulls. */
export interface PullSession {
  readonly scope: OwnedPullScope
  readonly abort: AbortController
  /** Of the pull under way: the engine notes for each what it has read. */
  reader: StreamReader
  turn: Promise<unknown>
}

/** A simulated child process. It goes on while its engine is stopped, and ends when that dies. */
export class SimulatedHost {
  isAlive = true
  readonly world: World
  readonly name: string
  readonly calls = new Set<HostCall>()
  readonly sessions = new Map<string, PullSession>()
  /** Sources that are open in this host, each by its own number. */
  readonly openSources = new Set<number>()
  readonly #onDeath: (host: SimulatedHost) => void

  constructor(world: World, name: string, onDeath: (host: SimulatedHost) => void) {
    this.world = world
    this.name = name
    this.#onDeath = onDeath
  }

  begin(call: HostCall): void {
    for (const other of this.calls) other.hadCompany = true
    if (this.calls.size > 0) call.hadCompany = true
    this.calls.add(call)
  }

  /** Passes virtual time. In a dead host it never ends; when the signal aborts it rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        cancel()
        if (this.isAlive) reject(signal.reason as Error)
      }
      const cancel = this.world.time.after(ms, () => {
        signal.removeEventListener("abort", stop)
        if (this.isAlive) resolve()
      })
      if (signal.aborted) stop()
      else signal.addEventListener("abort", stop, { once: true })
    })
  }

  /** Dies: nothing in it goes on, and its calls are lost. */
  die(reason: string): void {
    if (!this.isAlive) return
    this.isAlive = false
    this.world.log.add(`${this.name} dies: ${reason}`)
    this.openSources.clear()
    this.sessions.clear()
    this.#onDeath(this)
    const calls = [...this.calls]
    this.calls.clear()
    for (const call of calls) {
      const wasAlone = !call.hadCompany && call.runningNow() === 1
      call.onLost(new HostLost(reason, { wasAlone, afterMs: this.world.time.now - call.startedAt }))
    }
  }
}
