/**
 * Points at which a process of the tests kills itself, as by a power cut: around the verbs of the store, and around the
 * pull of a page. Nothing of this is in what is shipped.
 */
import { Effect } from "effect"
import type { HostPool } from "@sluice/core/engine"
import type { StoreService } from "@sluice/core/store"

/** What a point is around: a verb of the store, or the host's pull of a page. */
export type FailpointVerb = Exclude<keyof StoreService, "wake" | "onWake"> | "pull"

/** One point. */
export interface Failpoint {
  readonly verb: FailpointVerb
  /** `before`: nothing was sent. `after`: it is committed, and nobody has heard of it. */
  readonly when: "before" | "after"
  /** The passing that counts, from 1 on. */
  readonly nth: number
  /** Only passings count that brought something: rows, pages, leases. */
  readonly ifFound?: boolean
}

/** Where a process dies, once it is armed. */
export class Fuse {
  #point: Failpoint | null = null
  #passings = 0

  arm(point: Failpoint): void {
    this.#point = point
    this.#passings = 0
  }

  before(verb: FailpointVerb): void {
    if (this.#point?.when === "before") this.#pass(verb, true)
  }

  after(verb: FailpointVerb, answer: unknown): void {
    if (this.#point?.when === "after") this.#pass(verb, broughtSomething(answer))
  }

  #pass(verb: FailpointVerb, hasFound: boolean): void {
    const point = this.#point
    if (point === null || point.verb !== verb || (point.ifFound === true && !hasFound)) return
    this.#passings += 1
    if (this.#passings >= point.nth) die()
  }
}

/** Ends this process here: no handler runs, no byte is written any more. */
function die(): never {
  process.kill(process.pid, "SIGKILL")
  // The signal may take a moment; nothing may happen in it.
  for (;;);
}

/** Whether an answer of the store is more than "nothing". */
function broughtSomething(answer: unknown): boolean {
  if (typeof answer === "number") return answer > 0
  if (Array.isArray(answer)) return answer.length > 0
  if (typeof answer !== "object" || answer === null) return answer !== false && answer !== null
  if ("dead" in answer) return (answer.dead as readonly unknown[]).length > 0
  if ("fired" in answer) return (answer.fired as number) > 0
  if ("plans" in answer) return (answer.plans as readonly unknown[]).length > 0
  if ("pages" in answer) return (answer.pages as number) > 0
  return true
}

/** A store with a fuse around each verb; `onRefused` hears of each call that a lost lease has refused. */
export function fusedStore(
  inner: StoreService,
  fuse: Fuse,
  onRefused: (verb: FailpointVerb) => void,
): StoreService {
  return new Proxy(inner, {
    get(target, name: keyof StoreService) {
      if (name === "wake" || name === "onWake") return target[name].bind(target)
      const verb = target[name] as (...args: unknown[]) => Effect.Effect<unknown, { _tag: string }>
      return (...args: unknown[]) =>
        Effect.suspend(() => {
          fuse.before(name)
          return verb(...args)
        }).pipe(
          Effect.tap((answer) => Effect.sync(() => fuse.after(name, answer))),
          Effect.tapError((error) => Effect.sync(() => error._tag === "LeaseLost" && onRefused(name))),
        )
    },
  })
}

/** A pool of hosts with a fuse around `pull`. */
export function fusedHosts(inner: HostPool, fuse: Fuse): HostPool {
  const pull: HostPool["pull"] = async (options) => {
    fuse.before("pull")
    const page = await inner.pull(options)
    fuse.after("pull", page.items)
    return page
  }
  return new Proxy(inner, {
    get(target, name: keyof HostPool) {
      if (name === "pull") return pull
      return target[name].bind(target)
    },
  })
}
