import { hostPoolSettings, type HostPoolOptions, type HostPoolSettings } from "./options.ts"
import type { Bundle, ExecutionContext, HostPool } from "./port.ts"
import { describeInHost } from "./pool/describe-call.ts"
import { bundlesMax } from "./pool/host-contexts.ts"
import { HostGroup } from "./pool/host-group.ts"
import type { HostProcess } from "./pool/host-process.ts"
import { Isolation } from "./pool/isolation.ts"
import { runTriggerInHost } from "./pool/trigger-call.ts"
import { pullInHost } from "./pool/pull-call.ts"
import { runInHost } from "./pool/run-call.ts"
import { StreamHomes } from "./pool/stream-homes.ts"

/** A pool that says how many processes it has. */
export interface CountedHostPool extends HostPool {
  readonly hostCount: () => number
}

/**
 * Makes a pool of child processes in which user code runs. None is started before there is work.
 *
 * Task instances run in `hosts` processes, streams are pulled in one more, and work that must be alone gets a further one
 * for as long as there is any.
 */
export function createHostPool(options: HostPoolOptions): CountedHostPool {
  return new ProcessHostPool(hostPoolSettings(options))
}

class ProcessHostPool implements CountedHostPool {
  readonly #settings: HostPoolSettings
  readonly #group: HostGroup
  readonly #isolation: Isolation
  readonly #streams: StreamHomes
  /** User-defined triggers wait beside each other in one host; those under suspicion, one after the other, in another. */
  readonly #triggers: HostGroup
  readonly #suspects: Isolation
  /** Files are described one after the other: each needs a process, and nobody waits for a second one. */
  #describing: Promise<unknown> = Promise.resolve()
  readonly #closed = new AbortController()

  constructor(settings: HostPoolSettings) {
    this.#settings = settings
    this.#group = new HostGroup(settings, settings.hosts)
    this.#isolation = new Isolation(settings)
    this.#streams = new StreamHomes(settings)
    this.#triggers = new HostGroup(settings, 1)
    this.#suspects = new Isolation(settings)
  }

  async run(options: Parameters<HostPool["run"]>[0]): Promise<void> {
    const use = (host: HostProcess) =>
      this.#using(host, options.context, () => runInHost(host, options, this.#settings.abortGraceMs))
    if (options.signal.aborted) return
    if (options.work.isolated) return this.#isolation.run(use)
    return use(await this.#group.take())
  }

  async pull(options: Parameters<HostPool["pull"]>[0]): ReturnType<HostPool["pull"]> {
    const { context } = options
    const host = await this.#streams.take(context.contextId)
    try {
      return await this.#using(host, context, () => pullInHost(host, options, this.#settings.abortGraceMs))
    } catch (error) {
      this.#streams.note(context.contextId, error)
      throw error
    }
  }

  async runTrigger(options: Parameters<HostPool["runTrigger"]>[0]): ReturnType<HostPool["runTrigger"]> {
    const { context, work, signal } = options
    const { abortGraceMs } = this.#settings
    const use = (host: HostProcess) =>
      this.#using(host, context, () => runTriggerInHost(host, options, { abortGraceMs }))
    if (signal.aborted) return { kind: "ended" }
    return work.isolated ? this.#suspects.run(use) : use(await this.#triggers.take())
  }

  warm(): void {
    this.#group.warm()
    this.#streams.warm()
  }

  async closeStream(contextId: string): Promise<void> {
    const host = this.#streams.homeOf(contextId)
    this.#streams.forget(contextId)
    if (host !== undefined) await closeInHost(host, contextId, this.#settings.abortGraceMs)
  }

  describe(...[bundle, { folder } = {}]: Parameters<HostPool["describe"]>): ReturnType<HostPool["describe"]> {
    const file = { bundle, folder: folder ?? null }
    const described = this.#describing.then(() => describeInHost(this.#settings, file, this.#closed.signal))
    this.#describing = described.catch(() => {})
    return described
  }

  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closed.abort(new Error("the host pool is closed"))
    await Promise.all(this.#groups.map((group) => group.close(graceMs)))
  }

  readonly hostCount = (): number => this.#groups.reduce((sum, { hosts }) => sum + hosts.length, 0)

  get #groups(): readonly HostGroup[] {
    const own = [this.#group, this.#isolation.group, this.#triggers, this.#suspects.group]
    return [...own, ...this.#streams.groups]
  }

  async #load(hash: string): Promise<Bundle> {
    const bundle = await this.#settings.loadBundle(hash)
    if (bundle.hash !== hash)
      throw new Error(`loadBundle gave bundle ${bundle.hash} where ${hash} was asked for`)
    return bundle
  }

  /** Makes a call in a reserved host after telling it what it does not know yet. */
  async #using<A>(host: HostProcess, context: ExecutionContext, call: () => Promise<A>): Promise<A> {
    try {
      const isNew = host.contexts.lacksBundle(context.bundleHash)
      const bundle = isNew ? await this.#load(context.bundleHash) : null
      for (const message of host.contexts.missing(context, bundle)) host.send(message)
      const result = call()
      if (host.contexts.bundleCount >= bundlesMax) host.retire()
      return await result
    } finally {
      host.release()
    }
  }
}

/** Closes a stream; one whose `finally` blocks take longer than `graceMs` is left to them. */
function closeInHost(host: HostProcess, contextId: string, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      host.finish(callId)
      resolve()
    }
    const timer = setTimeout(() => finish(), graceMs)
    const callId = host.call(
      { what: "the end of a stream", onMessage: finish, onLost: finish },
      (callId) => ({ kind: "closeStream", callId, contextId }),
    )
  })
}
