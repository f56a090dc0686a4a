import type { Duration } from "./duration.ts"
import type { TaskContext } from "./task-context.ts"

const brand = Symbol.for("sluice.Deferral")

/** How a task goes on after it has deferred. */
export interface DeferOptions<Points extends string = string> {
  /** The resume point of the task that is called when the event has come. */
  readonly resume: Points
  /** What the task keeps for itself: it comes back as `resumed.state`. At most `deferredStateBytesMax` as JSON. */
  readonly state?: unknown
  /** How long may be waited; then the try fails with `DeferralTimeout`. Default null: for ever. */
  readonly timeout?: Duration | null
}

/** What a resume point is told: what came, and what the task had kept. */
export interface Resumed<Event = unknown, State = unknown> {
  readonly event: Event
  readonly state: State
}

/** The largest state of a deferral, and the largest arguments of a trigger, in bytes of JSON. */
export const deferredStateBytesMax = 64 * 1024

/** The largest event, in bytes of JSON. */
export const eventBytesMax = 256 * 1024

/**
 * A function of a task that goes on when an event has come: in a new process, with the task's input and nothing else of
 * what the call before it had. It may defer again.
 */
export type ResumePoint<Input, Result, Points extends string> = {
  // A method, so that the author may say what event and state are.
  point(input: Input, resumed: Resumed, ctx: TaskContext<Points>): Result
}["point"]

/** What `ctx.defer` throws: it ends the call. Whoever catches it must throw it on. */
export class Deferral extends Error {
  override readonly name = "Deferral"
  readonly [brand] = true
  /** What is waited for and how the task goes on, ready to be recorded; only its maker reads it. */
  readonly recorded: unknown

  constructor(recorded: unknown) {
    super("the task has deferred: let this error pass, so that it can go on later")
    this.recorded = recorded
  }
}

/** Recognises a `Deferral`, also one made by another copy of this module. */
export function isDeferral(error: unknown): error is Deferral {
  return typeof error === "object" && error !== null && brand in error
}
