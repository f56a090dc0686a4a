/**
 * The engine: the roles of one process, each a loop around a tested turn.
 *
 * All roles may run here, or some; any number of processes share a store. Nothing here must live: killed at any line,
 * other processes (or the next start) take over what it held when its leases expire.
 */
import { Deferred, Effect } from "effect"
import { hostname } from "node:os"
import { randomUUID } from "node:crypto"
import type { Json } from "../json.ts"
import { makeExecutionContexts } from "../expansion/execution-contexts.ts"
import { repairOnce, type RepairOptions, type RepairTurn } from "../expansion/repair.ts"
import { makeRunner, releaseAll, renewOnce, takeOnce } from "../expansion/runner.ts"
import type { RunnerOptions } from "../expansion/runner.ts"
import type { HostPool } from "../host/host-pool.ts"
import type { NotFound, StoreError } from "../store/errors.ts"
import type { StoreService } from "../store/store.ts"
import { Store } from "../store/store.ts"
import { idly } from "../store/turn.ts"
import { makeWakeGate, type WakeGate } from "../store/wake-gate.ts"
import { untilAborted } from "./draining.ts"
import { admitOnce } from "./admission.ts"
import { beatMsOf, heartbeats } from "./heartbeats.ts"
import { Hosts } from "./hosts.ts"
import { makePlanner } from "./planner.ts"
import { makePruner, type Retention, retentionDefaults } from "./pruner.ts"
import { rescueOnce } from "./rescuer.ts"
import { roleLoop } from "./role-loop.ts"
import { scheduleOnce } from "./scheduler.ts"
import { type Outside, realOutside } from "./triggerer/outside.ts"
import { makeTriggerer } from "./triggerer/triggerer.ts"
import { guardHosts, makeVault, type Vault } from "../vault/index.ts"
import { makeWorker } from "./worker/worker.ts"

/** The roles that the engine can play. */
export const engineRoles = [
  "scheduler",
  "expander",
  "worker",
  "triggerer",
  "rescuer",
  "planner",
  "pruner",
] as const

/** A role of the engine. */
export type EngineRole = (typeof engineRoles)[number]

/** How much one engine takes on. */
export interface EngineOptions {
  readonly roles: readonly EngineRole[]
  /** Among how many leases the worker shares its slots when each could use them all. */
  readonly lanes: number
  /** Instances that the worker runs at once. */
  readonly concurrency: number
  /** Expansions pulled at once by the expander. */
  readonly expansionsMax: number
  /** Triggers that the triggerer watches at once; timers and runs that are waited for do not count. */
  readonly triggersMax: number
  /** How long a lease lives without renewal, in seconds; it is renewed three times within that. */
  readonly leaseSeconds: number
  /** How long this process may be silent before others take back what it holds; it says that it is alive four times within that. */
  readonly deadAfterSeconds: number
  /** How long what runs may take to end when the engine stops, in milliseconds. */
  readonly stopGraceMs: number
  /** Names this process in leases and heartbeats. */
  readonly name: string
  /** What built-in triggers see of the world outside. */
  readonly outside: Outside
  /** Opens the variables and connections that user code reads. Default: without a key. */
  readonly vault: Vault
  /** How long the pruner keeps what has ended. Default: for ever, but for what DAGs say of their runs. */
  readonly retention: Retention
  /** Aborted to let the engine run out: it takes nothing new, and ends when what it holds is recorded. Default: never. */
  readonly drain?: AbortSignal
}

/** What an engine does when nothing else is said. */
export const engineDefaults: EngineOptions = {
  roles: engineRoles,
  lanes: 4,
  concurrency: 64,
  expansionsMax: 256,
  triggersMax: 1_000,
  leaseSeconds: 30,
  deadAfterSeconds: 20,
  stopGraceMs: 10_000,
  outside: realOutside,
  vault: makeVault(null),
  retention: retentionDefaults,
  name: `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
}

/** How long the scheduler sleeps at most without a wake-up. */
const schedulePollMs = 500
/** How long a queued run waits at most when nothing tells that there is room for it. */
const admitPollMs = 1_000
/** How often an expander without a wake-up looks for expansions nobody pulls. */
const takePollMs = 500
/** How often maps without news of an upstream are looked at, and how long news are gathered. */
const repairPollMs = 1_000
const repairLingerMs = 50
/** How often what died is looked for, at least; oftener where heartbeats are. */
const rescueEveryMsMax = 2_000

/**
 * Runs the roles, for ever or until it was drained. Interrupting it stops in order: what runs is aborted, has its grace,
 * and the rest is given back.
 */
export function runEngine(given: Partial<EngineOptions> = {}): Effect.Effect<void, unknown, Store | Hosts> {
  return Effect.scoped(runRoles({ ...engineDefaults, ...given }))
}

const runRoles = Effect.fnUntraced(function* (options: EngineOptions) {
  const store = yield* Store
  const hosts = guardHosts(yield* Hosts, { store, vault: options.vault })
  const contexts = makeExecutionContexts(store)
  const parts = { store, hosts, contexts, options }
  const roles: Role[] = []
  if (options.roles.includes("scheduler")) roles.push({ loop: yield* schedulerRole(store) })
  if (options.roles.includes("expander")) roles.push(yield* expanderRole(parts))
  if (options.roles.includes("worker")) roles.push(yield* workerRole(parts))
  if (options.roles.includes("planner")) roles.push(yield* plannerRole(parts))
  if (options.roles.includes("pruner")) roles.push(yield* prunerRole(parts))
  if (options.roles.includes("triggerer")) roles.push(yield* triggererRole(parts))
  if (options.roles.includes("rescuer")) roles.push({ loop: rescuerRole(store, options) })
  roles.push({ loop: heartbeats(store, { ...options, info: infoOf(options) }) })
  const loops = Effect.all(
    roles.map((role) => role.loop),
    { concurrency: "unbounded" },
  )
  const drained = Effect.all(
    roles.map((role) => role.drained ?? Effect.void),
    { concurrency: "unbounded" },
  )
  // While one role runs out, the others go on: leases are renewed, pages folded, heartbeats sent.
  const end = Effect.andThen(untilAborted(options.drain), drained)
  yield* Effect.raceFirst(Effect.andThen(loops, Effect.never), end)
})

/** A role under way. */
interface Role {
  readonly loop: Effect.Effect<unknown, unknown>
  /** Ends, after the signal to drain, when the role holds nothing any more. */
  readonly drained?: Effect.Effect<unknown>
}

/** A loop that takes work until the engine drains, and what ends when it takes nothing more. */
const taking = Effect.fnUntraced(function* (
  name: string,
  turn: Effect.Effect<unknown, unknown>,
  { drain }: EngineOptions,
) {
  const isOver = yield* Deferred.make<void>()
  const taken = Effect.raceFirst(roleLoop(name, turn), untilAborted(drain))
  const loop = taken.pipe(Effect.andThen(Deferred.succeed(isOver, undefined)), Effect.andThen(Effect.never))
  return { loop, over: Deferred.await(isOver) }
})

interface Parts {
  readonly store: StoreService
  readonly hosts: HostPool
  readonly contexts: ReturnType<typeof makeExecutionContexts>
  readonly options: EngineOptions
}

/** Decides what is due, and starts runs that waited for a place. */
const schedulerRole = Effect.fnUntraced(function* (store: StoreService) {
  const ended = yield* makeWakeGate(store, ["run"])
  const admission = Effect.gen(function* () {
    const seen = ended.version()
    const started = yield* admitOnce(store)
    if (started === 0) yield* ended.wait(seen, admitPollMs)
  })
  const gate = yield* makeWakeGate(store, ["due"])
  const turn = Effect.gen(function* () {
    const seen = gate.version()
    const hasMore = yield* scheduleOnce(store)
    if (!hasMore) yield* gate.wait(seen, schedulePollMs)
  })
  return Effect.all([roleLoop("scheduler", turn), roleLoop("scheduler admission", admission)], {
    concurrency: "unbounded",
  })
})

const expanderRole = Effect.fnUntraced(function* ({ store, hosts, contexts, options }: Parts) {
  const gate = yield* makeWakeGate(store, ["progress"])
  const runner = yield* makeRunner()
  const runnerOptions: RunnerOptions = {
    store,
    hosts,
    contexts,
    gate,
    runnerId: options.name,
    expansionsMax: options.expansionsMax,
    leaseSeconds: options.leaseSeconds,
  }
  const release = releaseAll(runner, runnerOptions).pipe(
    Effect.timeoutOption(options.stopGraceMs),
    Effect.ignore,
  )
  yield* Effect.addFinalizer(() => release)
  const take = yield* makeWakeGate(store, ["open"])
  const turn = Effect.gen(function* () {
    const seen = take.version()
    yield* takeOnce(runner, runnerOptions)
    yield* take.wait(seen, takePollMs)
  })
  const controlled = yield* makeWakeGate(store, ["control"])
  const renew = renewEvery(controlled, options.leaseSeconds, renewOnce(runner, runnerOptions))
  const takes = yield* taking("expander", turn, options)
  const repairs = yield* taking("expander repairs", repairTurn(runnerOptions, gate, take), options)
  const loop = Effect.all([takes.loop, repairs.loop, roleLoop("expander renewal", renew)], {
    concurrency: "unbounded",
  })
  // A page that is being pulled is dropped: whoever takes the expansion up pulls it again.
  return { loop, drained: Effect.andThen(takes.over, release) } satisfies Role
})

/** One turn over the maps that have repairs; waits for their upstreams, or, where there are none, for a redrive. */
function repairTurn(
  options: RepairOptions,
  progressed: WakeGate,
  opened: WakeGate,
): Effect.Effect<void, NotFound | StoreError> {
  let after: string | null = null
  return Effect.gen(function* () {
    const seen = { progress: progressed.version(), open: opened.version() }
    const turn: RepairTurn = yield* repairOnce(options, after)
    after = turn.after
    if (turn.hasMore) return
    if (turn.hasMaps) yield* progressed.wait(seen.progress, repairPollMs)
    else yield* opened.wait(seen.open, repairPollMs)
    // Many instances end at once, and are looked at together.
    yield* idly(Effect.sleep(repairLingerMs))
  })
}

const workerRole = Effect.fnUntraced(function* ({ store, hosts, contexts, options }: Parts) {
  const gate = yield* makeWakeGate(store, ["work"])
  const { lanes, concurrency, leaseSeconds } = options
  const workerId = options.name
  const worker = yield* makeWorker({
    store,
    hosts,
    contexts,
    gate,
    workerId,
    lanes,
    concurrency,
    leaseSeconds,
  })
  yield* Effect.addFinalizer(() =>
    worker.stop.pipe(Effect.andThen(worker.idle), Effect.timeoutOption(options.stopGraceMs), Effect.ignore),
  )
  const controlled = yield* makeWakeGate(store, ["control"])
  const takes = yield* taking("worker", worker.claimOnce, options)
  const loop = Effect.all(
    [
      takes.loop,
      roleLoop("worker fold", worker.foldOnce),
      roleLoop("worker renewal", renewEvery(controlled, leaseSeconds, worker.renewOnce)),
    ],
    { concurrency: "unbounded" },
  )
  const drained = takes.over.pipe(Effect.andThen(worker.idle), Effect.andThen(Effect.ignore(worker.foldNow)))
  return { loop, drained } satisfies Role
})

const triggererRole = Effect.fnUntraced(function* ({ store, hosts, contexts, options }: Parts) {
  const { leaseSeconds, outside } = options
  const triggerer = yield* makeTriggerer({
    store,
    hosts,
    contexts,
    outside,
    triggererId: options.name,
    capacity: options.triggersMax,
    leaseSeconds,
    deferred: yield* makeWakeGate(store, ["trigger"]),
    runEnded: yield* makeWakeGate(store, ["run", "trigger"]),
  })
  const release = triggerer.release.pipe(Effect.timeoutOption(options.stopGraceMs), Effect.ignore)
  yield* Effect.addFinalizer(() => release)
  const controlled = yield* makeWakeGate(store, ["control"])
  // At once for the first time: others leave it its share from then on.
  const renewal = Effect.suspend(() => {
    const seen = controlled.version()
    return Effect.andThen(triggerer.renewOnce, controlled.wait(seen, (leaseSeconds * 1000) / 3))
  })
  const takes = yield* taking("triggerer", triggerer.takeOnce, options)
  const loop = Effect.all(
    [
      takes.loop,
      roleLoop("triggerer timers", triggerer.timersOnce),
      roleLoop("triggerer timeouts", triggerer.timeoutsOnce),
      roleLoop("triggerer runs", triggerer.runsOnce),
      roleLoop("triggerer fold", triggerer.foldOnce),
      roleLoop("triggerer renewal", renewal),
    ],
    { concurrency: "unbounded" },
  )
  return { loop, drained: Effect.andThen(takes.over, release) } satisfies Role
})

/** Renews three times within a lease, and at once when something was cancelled. */
function renewEvery(
  gate: { version: () => number; wait: (seen: number, timeoutMs: number) => Effect.Effect<void> },
  leaseSeconds: number,
  renew: Effect.Effect<void, unknown>,
): Effect.Effect<void, unknown> {
  return Effect.suspend(() => gate.wait(gate.version(), (leaseSeconds * 1000) / 3)).pipe(
    Effect.andThen(renew),
  )
}

const plannerRole = Effect.fnUntraced(function* ({ store, options }: Parts) {
  const planner = yield* makePlanner(store, options.name)
  yield* Effect.addFinalizer(() => planner.resign)
  const takes = yield* taking("planner", planner.turn, options)
  return { loop: takes.loop, drained: Effect.andThen(takes.over, planner.resign) } satisfies Role
})

const prunerRole = Effect.fnUntraced(function* ({ store, options }: Parts) {
  const pruner = yield* makePruner(store, options.name, options.retention)
  yield* Effect.addFinalizer(() => pruner.resign)
  const takes = yield* taking("pruner", pruner.turn, options)
  return { loop: takes.loop, drained: Effect.andThen(takes.over, pruner.resign) } satisfies Role
})

function rescuerRole(store: StoreService, options: EngineOptions): Effect.Effect<never> {
  const everyMs = Math.min(rescueEveryMsMax, beatMsOf(options))
  return roleLoop("rescuer", Effect.andThen(idly(Effect.sleep(everyMs)), rescueOnce(store)))
}

/** What the roles' rows say of the process beside their name. */
function infoOf({ lanes, concurrency }: EngineOptions): Json {
  return { lanes, concurrency }
}
