/**
 * Watches one trigger until it fires or fails: looks at what is outside, again and again, or runs an author's generator in a
 * host.
 *
 * Nothing is kept but the trigger itself: whoever takes it up after a crash begins anew, and the store lets only the first event
 * count.
 */
import { Effect, Random, type Semaphore } from "effect"
import type { FileTrigger, HttpTrigger, UserTrigger } from "../../dag/trigger-spec.ts"
import type { ExecutionContexts } from "../../expansion/execution-contexts.ts"
import {
  HostLost,
  type HostPool,
  type LogEntry,
  type TaskError,
  type TriggerEnd,
} from "../../host/host-pool.ts"
import type { StoreService } from "../../store/store.ts"
import { untilAvailable } from "../../store/store-retry.ts"
import type { WaitingTrigger } from "../../store/trigger-store.ts"
import { triggerFailed } from "./failure.ts"
import { type Look, lookAt } from "./look.ts"
import type { Outside } from "./outside.ts"

/** What watching needs. */
export interface Watcher {
  readonly store: StoreService
  readonly hosts: HostPool
  readonly contexts: ExecutionContexts
  readonly outside: Outside
  /** Bounds how many looks are under way at once. */
  readonly looks: Semaphore.Semaphore
}

/** How watching ended. */
export type Watched =
  | { readonly fires: true; readonly event: string }
  | { readonly fires: false; readonly error: TaskError; readonly isFinal: boolean }

/** The share of the time between two looks by which it varies, so that triggers of one moment do not stay together. */
export const lookJitter = 0.1

/** How long the first look waits at most: many triggers of one moment are spread over it. */
const firstLookMsMax = 250

/** How often a trigger may cost its host before it is given up. */
export const triggerLossesMax = 3

/** The wait before a trigger that cost its host is started again; it doubles with each. */
const lossPauseMs = 200

/** Watches a trigger to its end. */
export function watch(watcher: Watcher, waiting: WaitingTrigger): Effect.Effect<Watched, unknown> {
  const { trigger } = waiting
  switch (trigger.kind) {
    case "http":
    case "file":
      return poll(watcher, waiting, trigger)
    case "user":
      return runUntilEvent(watcher, waiting, trigger)
    default:
      return Effect.die(new Error(`a trigger of kind ${trigger.kind} fires by itself`))
  }
}

const poll = Effect.fnUntraced(function* (
  watcher: Watcher,
  waiting: WaitingTrigger,
  trigger: HttpTrigger | FileTrigger,
) {
  let told: string | null = null
  yield* Effect.sleep((yield* Random.next) * Math.min(firstLookMsMax, trigger.everyMs))
  for (;;) {
    const look = yield* lookOnce(watcher, trigger)
    if (look.saw === "event") return { fires: true, event: look.event } satisfies Watched
    if (look.saw === "failure") {
      return { fires: false, error: triggerFailed(waiting, look.why), isFinal: false } satisfies Watched
    }
    // Said when it changes: a server that is down for an hour is one line.
    if (look.why !== null && look.why !== told) yield* tell(watcher, waiting, look.why)
    told = look.why
    yield* Effect.sleep(trigger.everyMs * (1 + lookJitter * (2 * (yield* Random.next) - 1)))
  }
})

function lookOnce({ outside, looks }: Watcher, trigger: HttpTrigger | FileTrigger): Effect.Effect<Look> {
  return looks.withPermits(1)(Effect.promise((signal) => lookAt(trigger, outside, signal)))
}

function tell({ store }: Watcher, waiting: WaitingTrigger, why: string): Effect.Effect<void> {
  const { expansionId, mapIndex, tryNumber } = waiting
  const message = `still waiting: ${triggerFailed(waiting, why).message}`
  return Effect.clockWith((clock) => clock.currentTimeMillis).pipe(
    Effect.flatMap((at) =>
      store.appendLogs({
        expansionId,
        entries: [{ mapIndex, tryNumber, at, level: "warning", message, fields: null }],
      }),
    ),
    Effect.tap(() => Effect.sync(() => store.wake("log", expansionId))),
    Effect.ignore,
  )
}

/**
 * Runs a user-defined trigger; one that cost its host is started again, a few times. Where nobody knows which of those in the
 * host cost it, each is tried alone for a moment: the innocent go back to the others.
 */
const runUntilEvent = Effect.fnUntraced(function* (
  watcher: Watcher,
  waiting: WaitingTrigger,
  trigger: UserTrigger,
) {
  let losses = 0
  let isSuspect = false
  for (;;) {
    const end: TriggerEnd | HostLost = yield* runInHost(watcher, waiting, { trigger, isSuspect })
    if (!(end instanceof HostLost)) {
      if (end.kind !== "tried") return toWatched(waiting, end)
      isSuspect = false
      continue
    }
    const { running, wasAlone, reason } = end
    if (running === undefined ? wasAlone : running.length > 0) losses += 1
    if (running?.length !== 0) isSuspect = true
    if (losses >= triggerLossesMax) {
      const error = triggerFailed(waiting, `cost its host ${losses} times: ${reason}`)
      return { fires: false, error, isFinal: false } satisfies Watched
    }
    yield* Effect.sleep(lossPauseMs * 2 ** losses)
  }
})

function toWatched(waiting: WaitingTrigger, end: Exclude<TriggerEnd, { kind: "tried" }>): Watched {
  if (end.kind === "event") return { fires: true, event: end.value }
  if (end.kind === "ended")
    return { fires: false, error: triggerFailed(waiting, "ended without an event"), isFinal: false }
  const { type, message, stack } = end.error
  return {
    fires: false,
    error: triggerFailed(waiting, `threw ${type}: ${message}`, stack),
    isFinal: end.isFinal,
  }
}

/** Runs the generator once; gives how it ended, or the loss of its host. */
const runInHost = Effect.fnUntraced(function* (
  { store, hosts, contexts }: Watcher,
  { expansionId, mapIndex, tryNumber }: WaitingTrigger,
  { trigger, isSuspect }: { readonly trigger: UserTrigger; readonly isSuspect: boolean },
) {
  // Whatever has begun anew since, the trigger's code and its place are the same.
  const { context } = yield* contexts.get({ expansionId, generation: 0 })
  const services = yield* Effect.context()
  const runPromise = Effect.runPromiseWith(services)
  let logging: Promise<unknown> = Promise.resolve()
  const onLogs = (entries: readonly LogEntry[]) => {
    const append = untilAvailable(store.appendLogs({ expansionId, entries })).pipe(
      Effect.tap(() => Effect.sync(() => store.wake("log", expansionId))),
    )
    logging = logging.then(() => runPromise(Effect.ignore(append)))
  }
  const work = { name: trigger.name, args: trigger.args, mapIndex, tryNumber, isolated: isSuspect }
  return yield* Effect.promise(async (signal): Promise<TriggerEnd | HostLost> => {
    const end = await hosts
      .runTrigger({ context, work, onLogs, signal })
      .catch((error: unknown) => asLost(error))
    // What it logged is there before its instance goes on.
    await logging
    return end
  })
})

function asLost(error: unknown): HostLost {
  if (error instanceof HostLost) return error
  throw error
}
