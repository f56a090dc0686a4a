import { describeValue } from "../stream/describe-value.ts"
import type { TriggerSpec, UserTrigger } from "./trigger-spec.ts"

const brand = Symbol.for("sluice.Trigger")

declare const eventType: unique symbol

/** A user-defined trigger before its arguments are written down as text. */
export type UnwrittenUserTrigger = Omit<UserTrigger, "args"> & { readonly args: unknown }

/** What a trigger waits for. */
export type GivenTrigger = Exclude<TriggerSpec, UserTrigger> | UnwrittenUserTrigger

/**
 * What a task instance can wait for without a slot, given to `ctx.defer`. Made by `after`, `at`, `httpPoll`, `fileExists`,
 * `runFinished`, or a `trigger` of your own.
 */
export class Trigger<out Event = unknown> {
  declare readonly [eventType]: Event
  readonly [brand] = true
  readonly waitsFor: GivenTrigger

  constructor(waitsFor: GivenTrigger) {
    this.waitsFor = waitsFor
  }
}

/** Recognises a trigger, also one made by another copy of this module. */
export function isTrigger(value: unknown): value is Trigger {
  return typeof value === "object" && value !== null && brand in value
}

/** A trigger that is asked for in a way that makes no sense: thrown where it is made. */
export class TriggerError extends Error {
  override readonly name = "TriggerError"
  /** The same code asks for the same: another try cannot mend it. */
  readonly retryable = false

  constructor(options: { call: string; got: unknown; expected: string }) {
    super(`${options.call} got ${describeValue(options.got)}; expected ${options.expected}.`)
  }
}
