import type { HostPoolSettings } from "../options.ts"
import { HostGroup } from "./host-group.ts"
import type { HostProcess } from "./host-process.ts"

/** How long the host for isolated work is kept for the next one. */
const keepMs = 5_000

/** A host for work that must run alone: one at a time, kept for a while since such work comes in a row. */
export class Isolation {
  readonly group: HostGroup
  #turn: Promise<unknown> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined

  constructor(settings: HostPoolSettings) {
    this.group = new HostGroup(settings, 1)
  }

  /** Calls `use` with a host that does nothing else meanwhile. */
  run<A>(use: (host: HostProcess) => Promise<A>): Promise<A> {
    const done = this.#turn.then(async () => {
      clearTimeout(this.#idle)
      const host = await this.group.take()
      return await use(host).finally(() => {
        this.#idle = setTimeout(() => host.retire(), keepMs)
        this.#idle.unref()
      })
    })
    this.#turn = done.catch(() => {})
    return done
  }
}
