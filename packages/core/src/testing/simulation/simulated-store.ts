import { Effect, Exit } from "effect"
import { StoreUnavailable } from "../../store/errors.ts"
import { memoryStoreOver } from "../../store/memory.ts"
import { type MemoryState, emptyState } from "../../store/memory/state.ts"
import type { StoreService } from "../../store/store.ts"
import type { EngineProcess } from "./engine-process.ts"
import type { InvariantChecker } from "./invariants.ts"
import { notePollEnd } from "./poll-ends.ts"
import { type World, fail, isTroubled, noteFault } from "./world.ts"

/** A verb of the store that is a call: all but the wake-ups. */
export type StoreVerb = Exclude<keyof StoreService, "wake" | "onWake">

/** A call on its way to the store. */
export interface StoreCall {
  readonly verb: StoreVerb
  readonly args: readonly unknown[]
}

/** How long a call takes to the store and back, each way at most, and how long a slow one takes. */
const travelMsMax = 3
const slowMsMax = 4_000
/** How long a caller waits for an answer that is lost. */
const deadlineMs = 1_500

/** Calls that do the same when they come twice. */
const repeatable: ReadonlySet<StoreVerb> = new Set<StoreVerb>([
  "complete",
  "release",
  "renew",
  "rescue",
  "renewExpansions",
  "releaseExpansions",
  "progress",
  "readStream",
  "fold",
  "decideExpansion",
  "finishDagRun",
  "heartbeat",
  "fireTimers",
  "fireEndedRuns",
  "fireTriggers",
  "failTriggers",
  "renewTriggers",
  "releaseTriggers",
])

/** Calls after which others may have something to do. */
const news: ReadonlySet<StoreVerb> = new Set<StoreVerb>([
  "commitPage",
  "breakStream",
  "complete",
  "release",
  "decideExpansion",
  "fireTriggers",
  "failTriggers",
])

/** Makes a memory store on the world's clock, with its state laid open. */
export function openStore(now: () => number): { state: MemoryState; store: StoreService } {
  const state = emptyState(now)
  return { state, store: memoryStoreOver(state) }
}

/** What the engines of a world share: the store, and each other. */
export interface Cluster {
  readonly world: World
  readonly store: StoreService
  readonly state: MemoryState
  readonly checker: InvariantChecker
  readonly processes: readonly EngineProcess[]
  /** Lets an engine die; false when enough have died in this world. */
  readonly die: (process: EngineProcess) => boolean
}

/** The store as one engine meets it: far away, and not always there. */
export function storeOf(cluster: Cluster, process: EngineProcess): StoreService {
  const verbs = Object.keys(cluster.store).filter(
    (name) => name !== "wake" && name !== "onWake",
  ) as StoreVerb[]
  const calls = verbs.map((verb) => [
    verb,
    (...args: readonly unknown[]) => callOf(cluster, process, { verb, args }),
  ])
  return {
    ...(Object.fromEntries(calls) as StoreService),
    wake: (topic) => {
      if (process.state === "dead") return
      process.ring(topic)
      for (const other of cluster.processes) {
        if (other === process || other.state === "dead") continue
        if (isTroubled(cluster.world) && cluster.world.random.chance(cluster.world.plan.lostWakeup)) continue
        other.hear(topic)
      }
    },
    onWake: (topic, listener) => process.onWake(topic, () => listener([])),
  }
}

/** What becomes of one call. */
type Fate = "done" | "killBefore" | "killAfter" | "unreached" | "lostReply" | "belated" | "doubled" | "slow"

function callOf(cluster: Cluster, process: EngineProcess, call: StoreCall): Effect.Effect<unknown, unknown> {
  const { world } = cluster
  return Effect.callback<unknown, unknown>((resume) => {
    if (process.state === "dead") return
    const fate = fateOf(world, call.verb)
    if (fate !== "done") noteFault(world, `${process.name} ${call.verb}: ${fate}`)
    if (fate === "killBefore" && cluster.die(process)) return
    const wokenBy = process.wokenBySleepOf
    const travelMs = () =>
      fate === "slow" ? world.random.integer(20, slowMsMax) : world.random.integer(0, travelMsMax)
    const answer = (exit: Exit.Exit<unknown, unknown>, ms: number) =>
      void world.time.after(ms, () => process.deliver(() => resume(exit)))
    if (fate === "unreached") return answer(unavailable(call), deadlineMs)
    if (fate === "belated") answer(unavailable(call), deadlineMs)
    world.time.after(
      fate === "belated" ? deadlineMs + world.random.integer(0, slowMsMax) : travelMs(),
      () => {
        const exit = perform(cluster, process, call)
        if (fate === "done") notePollEnd(world, process, { ...call, wokenBy, exit })
        if (fate === "doubled")
          world.time.after(world.random.integer(0, 500), () => void perform(cluster, process, call))
        if (fate === "killAfter" && cluster.die(process)) return
        if (fate === "lostReply") answer(unavailable(call), deadlineMs)
        else if (fate !== "belated") answer(exit, travelMs())
      },
    )
  })
}

function fateOf(world: World, verb: StoreVerb): Fate {
  if (!isTroubled(world)) return "done"
  const { perCall } = world.plan
  let left = world.random.next()
  for (const fate of [
    "killBefore",
    "killAfter",
    "unreached",
    "lostReply",
    "belated",
    "doubled",
    "slow",
  ] as const) {
    left -= perCall[fate]
    if (left < 0) return fate === "doubled" && !repeatable.has(verb) ? "done" : fate
  }
  return "done"
}

/** Does a call in the store, and checks what it left. */
function perform(cluster: Cluster, process: EngineProcess, call: StoreCall): Exit.Exit<unknown, unknown> {
  const { world, store, checker } = cluster
  const verb = store[call.verb] as (...args: readonly unknown[]) => Effect.Effect<unknown, unknown>
  const check = checker.before(call)
  const exit = Effect.runSyncExit(Effect.suspend(() => verb(...call.args)))
  world.log.add(`${process.name} ${call.verb}${brief(call.args[0])} -> ${answerText(exit)}`)
  if (Exit.isSuccess(exit) && isNews(call, exit.value)) world.newsAt = world.time.elapsed
  if (Exit.hasDies(exit)) fail(world, `the store broke in ${call.verb}: ${String(exit)}`)
  check(exit)
  return exit
}

/** Whether others may have something to do after a call. Who asks for what is due may find nothing. */
function isNews({ verb }: StoreCall, answer: unknown): boolean {
  if (verb === "fireTimers") return (answer as { fired: number }).fired > 0
  return verb === "fireEndedRuns" ? Number(answer) > 0 : news.has(verb)
}

function unavailable(call: StoreCall): Exit.Exit<never, StoreUnavailable> {
  return Exit.fail(new StoreUnavailable({ operation: call.verb, message: "simulated" }))
}

function answerText(exit: Exit.Exit<unknown, unknown>): string {
  if (Exit.isFailure(exit)) return "refused"
  return brief(exit.value)
}

const left: ReadonlySet<string> = new Set([
  "leaseSeconds",
  "sizes",
  "timings",
  "xcoms",
  "info",
  "pid",
  "hostname",
])

function brief(value: unknown): string {
  const text = JSON.stringify(value, (key, inner: unknown) => (left.has(key) ? undefined : inner)) ?? ""
  return text.length <= 200 ? text : `${text.slice(0, 190)}…${text.length}`
}
