import type { DagDefinition } from "../../dag/dag-definition.ts"
import type {
  Bundle,
  DescribedBundle,
  EncodedReader,
  ExecutionContext,
  HostPool,
  LeaseWork,
  OutcomeBatch,
  PulledPage,
  PullRequest,
  TriggerEnd,
} from "../../host/host-pool.ts"
import { Gap } from "../../stream/gap.ts"
import type { StreamReader } from "../../stream/stream-reader.ts"
import type { EngineProcess } from "./engine-process.ts"
import { type HostCall, SimulatedHost } from "./simulated-host.ts"
import { SimulatedLease } from "./simulated-lease.ts"
import { type Nap, runNap } from "./simulated-trigger.ts"
import { endSession, pullInHost } from "./simulated-pull.ts"

/** How long what was aborted may go on before it costs its host, in virtual milliseconds. */
const abortGraceMs = 1_000

/** How many hosts of one engine run leases, beside those of isolated ones. */
const runHosts = 2

/** The hosts of one engine, in the world's time. What they say reaches the engine through its process. */
export class SimulatedHosts implements HostPool {
  readonly #process: EngineProcess
  readonly #definition: DagDefinition
  readonly #hosts = new Set<SimulatedHost>()
  readonly #shared: (SimulatedHost | null)[] = Array.from({ length: runHosts }, () => null)
  #pulling: SimulatedHost | null = null
  #waiting: SimulatedHost | null = null
  #started = 0

  constructor(process: EngineProcess, definition: DagDefinition) {
    this.#process = process
    this.#definition = definition
  }

  /** Those that live, in the order in which they started. */
  get hosts(): readonly SimulatedHost[] {
    return [...this.#hosts]
  }

  run(options: {
    readonly context: ExecutionContext
    readonly work: LeaseWork
    readonly onBatch: (batch: OutcomeBatch) => void
    readonly reader: EncodedReader
    readonly signal: AbortSignal
  }): Promise<void> {
    const { context, work, onBatch, signal } = options
    const host = this.#hostFor(work)
    const send = (batch: OutcomeBatch) => this.#process.deliver(() => onBatch(batch))
    const reader = this.#readerIn(host, options.reader)
    const lease = new SimulatedLease({ host, definition: this.#definition, context, work, reader, send })
    return this.#call(host, {
      runningNow: () => lease.running,
      work: lease.run(),
      signal,
      abort: (reason) => lease.abort(reason),
      onEnd: () => {
        if (work.isolated) host.die("is not needed any more")
      },
    })
  }

  pull(options: {
    readonly context: ExecutionContext
    readonly request: PullRequest
    readonly reader: EncodedReader
    readonly signal: AbortSignal
  }): Promise<PulledPage> {
    const { context, request, signal } = options
    const host = (this.#pulling ??= this.#start("pull"))
    const reader = this.#readerIn(host, options.reader)
    const { page, abort } = pullInHost(host, this.#definition, { context, request, reader })
    return this.#call(host, { runningNow: () => 0, work: page, signal, abort, onEnd: () => {} })
  }

  /** The only trigger of a simulated DAG: it takes its time, and may cost its host, once. */
  runTrigger(options: Parameters<HostPool["runTrigger"]>[0]): Promise<TriggerEnd> {
    const { work, signal } = options
    const host = work.isolated ? this.#start("trial") : (this.#waiting ??= this.#start("trigger"))
    const abort = new AbortController()
    const ended = runNap(host, JSON.parse(work.args) as Nap, { isTrial: work.isolated, signal: abort.signal })
    return this.#call(host, {
      runningNow: () => host.calls.size,
      work: ended,
      signal,
      abort: (reason) => abort.abort(new DOMException(reason, "AbortError")),
      onEnd: () => {
        if (work.isolated) host.die("is not needed any more")
      },
    })
  }

  warm(): void {}

  async closeStream(contextId: string): Promise<void> {
    const host = this.#pulling
    const session = host?.sessions.get(contextId)
    if (host === null || session === undefined) return
    host.sessions.delete(contextId)
    const closed = session.turn.then(() => endSession(host, contextId, session))
    await this.#call(host, {
      runningNow: () => 0,
      work: closed,
      signal: null,
      abort: () => {},
      onEnd: () => {},
    }).catch(() => {})
  }

  async describe(bundle: Bundle): Promise<DescribedBundle> {
    return { dags: [this.#definition.serialize()], bundle }
  }

  async close(): Promise<void> {
    this.dieWithEngine()
  }

  /** All hosts end with their engine. */
  dieWithEngine(): void {
    for (const host of this.#hosts) host.die("its engine is gone")
  }

  /** Watches something that a host does for the engine, which learns of its end through its process. */
  #call<A>(
    host: SimulatedHost,
    doing: {
      runningNow: () => number
      work: Promise<A>
      signal: AbortSignal | null
      abort: (reason: string) => void
      onEnd: () => void
    },
  ): Promise<A> {
    return new Promise<A>((resolve, reject) => {
      const tell = (message: () => void) => this.#process.deliver(message)
      const call: HostCall = {
        startedAt: host.world.time.now,
        runningNow: doing.runningNow,
        hadCompany: false,
        onLost: (lost) => tell(() => reject(lost)),
      }
      host.begin(call)
      const end = (message: () => void) => {
        if (!host.isAlive) return
        host.calls.delete(call)
        doing.onEnd()
        tell(message)
      }
      doing.work.then(
        (value) => end(() => resolve(value)),
        (error: Error) => end(() => reject(error)),
      )
      watchAbort(host, call, doing)
    })
  }

  #hostFor(work: LeaseWork): SimulatedHost {
    if (work.isolated) return this.#start("alone")
    const place = this.#hosts.size === 0 ? 0 : this.#process.world.random.integer(0, runHosts - 1)
    return (this.#shared[place] ??= this.#start("run"))
  }

  #start(kind: string): SimulatedHost {
    const name = `${this.#process.name}/${kind}${this.#started++}`
    const host = new SimulatedHost(this.#process.world, name, (dead) => {
      this.#hosts.delete(dead)
      this.#shared.forEach((shared, place) => {
        if (shared === dead) this.#shared[place] = null
      })
      if (this.#pulling === dead) this.#pulling = null
      if (this.#waiting === dead) this.#waiting = null
    })
    this.#hosts.add(host)
    // What a dying engine still asks for in its last moment gets no answer.
    if (this.#process.state === "dead") host.die("its engine is gone")
    return host
  }

  /** Reads travel to the engine and back, and have no answer in a dead host. */
  #readerIn(host: SimulatedHost, reader: EncodedReader): StreamReader {
    const ask = <A>(read: () => Promise<A>) =>
      new Promise<A>((resolve, reject) => {
        this.#process.deliver(() => {
          read().then(
            (value) => host.isAlive && resolve(value),
            (error: Error) => host.isAlive && reject(error),
          )
        })
      })
    return {
      readStream: async ({ signal: _signal, ...asked }) => {
        const { fromIndex } = asked
        const slice = await ask(() => reader.readStream(asked))
        const items = slice.items.map((item, place) =>
          typeof item === "string" ? (JSON.parse(item) as unknown) : new Gap(item.gap, fromIndex + place),
        )
        const { nextIndex, exhausted, ahead } = slice
        return ahead === undefined ? { items, nextIndex, exhausted } : { items, nextIndex, exhausted, ahead }
      },
      readXCom: async ({ taskId }) => {
        const text = await ask(() => reader.readXCom({ taskId }))
        return text === null ? undefined : (JSON.parse(text) as unknown)
      },
    }
  }
}

/** Passes an abort on to a host; what goes on beyond its grace costs the host. */
function watchAbort(
  host: SimulatedHost,
  call: HostCall,
  doing: { signal: AbortSignal | null; abort: (reason: string) => void },
): void {
  const { signal } = doing
  if (signal === null) return
  const abort = () => {
    if (!host.calls.has(call)) return
    doing.abort("aborted")
    host.world.time.after(abortGraceMs, () => {
      if (host.calls.has(call)) host.die("did not heed its signal")
    })
  }
  if (signal.aborted) abort()
  else signal.addEventListener("abort", abort, { once: true })
}
