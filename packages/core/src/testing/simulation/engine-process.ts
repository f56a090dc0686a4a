import { Cause, Clock, Context, Duration, Effect, Logger, Random, References, Scheduler } from "effect"
import type { Fiber } from "effect"
import { type EngineOptions, runEngine } from "../../engine/engine.ts"
import { Hosts } from "../../engine/hosts.ts"
import type { StoreService } from "../../store/store.ts"
import { Store } from "../../store/store.ts"
import type { WakeupTopic } from "../../store/wakeups.ts"
import type { SimulatedHosts } from "./simulated-hosts.ts"
import { type World, fail } from "./world.ts"

/** How long a listener of another process waits for a wake-up at most, in virtual milliseconds. */
const wakeupMsMax = 30

/**
 * A simulated operating system process that runs the real engine.
 *
 * Whatever comes to it from outside (timers, answers of the store, messages of hosts, wake-ups) comes through
 * `deliver`: a stopped process gets it when it goes on, a dead one never.
 */
export class EngineProcess {
  readonly name: string
  readonly options: Partial<EngineOptions>
  readonly world: World
  state: "running" | "paused" | "dead" = "running"
  /** The sleep that brought the process to where it is, in milliseconds; null: something else did. */
  wokenBySleepOf: number | null = null
  /** When its last poll for progress ended, in virtual milliseconds. */
  polledAt = -1
  hosts: SimulatedHosts | null = null
  readonly #listeners = new Map<WakeupTopic, Set<() => void>>()
  #held: (() => void)[] = []
  #fiber: Fiber.Fiber<unknown, unknown> | null = null

  constructor(world: World, options: Partial<EngineOptions> & { name: string }) {
    this.world = world
    this.name = options.name
    this.options = options
  }

  /** Starts the engine over its store and hosts. */
  start(store: StoreService, hosts: SimulatedHosts): void {
    this.hosts = hosts
    const context = simulatedContext(this).pipe(Context.add(Store, store), Context.add(Hosts, hosts))
    this.#fiber = Effect.runForkWith(context)(runEngine(this.options))
  }

  deliver(message: () => void): void {
    if (this.state === "paused") this.#held.push(message)
    if (this.state !== "running") return
    this.wokenBySleepOf = null
    message()
  }

  /** A timer of the process. */
  after(ms: number, run: () => void): () => void {
    let isCancelled = false
    const cancel = this.world.time.after(ms, () =>
      this.deliver(() => {
        if (isCancelled) return
        this.wokenBySleepOf = ms
        if (ms === 1_000) this.polledAt = this.world.time.elapsed
        run()
      }),
    )
    return () => {
      isCancelled = true
      cancel()
    }
  }

  pause(): void {
    if (this.state === "running") this.state = "paused"
  }

  /** Goes on with all that came meanwhile. */
  goOn(): void {
    if (this.state !== "paused") return
    this.state = "running"
    const held = this.#held
    this.#held = []
    for (const message of held) this.deliver(message)
  }

  /** Dies as by `kill -9`: nothing it holds is given back, and its hosts end with it. */
  kill(): void {
    this.state = "dead"
    this.#held = []
    this.hosts?.dieWithEngine()
  }

  /** Stops as by SIGTERM; calls back when it has ended. */
  stop(onEnd: () => void): void {
    const fiber = this.#fiber
    if (fiber === null) return
    fiber.addObserver(() => {
      if (this.state !== "dead") onEnd()
    })
    fiber.interruptUnsafe()
  }

  onWake(topic: WakeupTopic, listener: () => void): () => void {
    const entry = () => listener()
    const ofTopic = this.#listeners.get(topic) ?? new Set()
    this.#listeners.set(topic, ofTopic.add(entry))
    return () => void ofTopic.delete(entry)
  }

  /** Tells the listeners in this process. */
  ring(topic: WakeupTopic): void {
    for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener()
  }

  /** Brings a wake-up of another process here, soon. */
  hear(topic: WakeupTopic): void {
    const ms = this.world.random.integer(1, wakeupMsMax)
    this.world.time.after(ms, () => this.deliver(() => this.ring(topic)))
  }
}

function simulatedContext(process: EngineProcess): Context.Context<never> {
  const { world } = process
  const scheduler = new Scheduler.MixedScheduler("async", (task) => {
    let isCancelled = false
    world.ready.push(() => {
      if (!isCancelled) task()
    })
    return () => {
      isCancelled = true
    }
  })
  return Context.make(Clock.Clock, clockOf(process)).pipe(
    Context.add(Random.Random, {
      nextDoubleUnsafe: () => world.random.next(),
      nextIntUnsafe: () => world.random.integer(0, 1_000_000),
    }),
    Context.add(Scheduler.Scheduler, scheduler),
    Context.add(References.CurrentLoggers, new Set([loggerOf(process)])),
  )
}

function clockOf(process: EngineProcess): Clock.Clock {
  const { time } = process.world
  const nanos = () => BigInt(Math.round(time.now)) * 1_000_000n
  return {
    currentTimeMillisUnsafe: () => time.now,
    currentTimeMillis: Effect.sync(() => time.now),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) => {
      const ms = Duration.toMillis(duration)
      if (ms <= 0) return Effect.yieldNow
      return Effect.callback<void>((resume) => {
        const cancel = process.after(ms, () => resume(Effect.void))
        return Effect.sync(cancel)
      })
    },
  }
}

/** An engine that logs an error has met what its authors thought impossible. */
function loggerOf(process: EngineProcess): Logger.Logger<unknown, void> {
  return Logger.make(({ logLevel, message, cause }) => {
    if (process.state === "dead") return
    const text = `${process.name} logs ${logLevel}: ${[message].flat().map(String).join(" ")} ${Cause.pretty(cause)}`
    process.world.log.add(firstLine(text))
    if (logLevel === "Error" || logLevel === "Fatal") fail(process.world, text)
  })
}

/** Stacks hold paths and line numbers, which say nothing of what happened. */
function firstLine(text: string): string {
  return text.split("\n")[0] ?? ""
}
