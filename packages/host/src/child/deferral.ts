import {
  type DeferOptions,
  Deferral,
  deferredStateBytesMax,
  isTrigger,
  parseDurationMs,
  type Trigger,
} from "@sluice/core/dag"
import { encode } from "../codec/index.ts"
import type { Deferral as RecordedDeferral } from "../port.ts"
import { triggersOf } from "./definitions.ts"

/** A deferral that makes no sense. The same code makes the same again: another try cannot mend it. */
export class InvalidDeferral extends Error {
  override readonly name = "InvalidDeferral"
  readonly retryable = false
}

/** What of an instance's task a deferral is checked against. */
export interface DeferPlace {
  /** The task's name, for messages. */
  readonly taskId: string
  readonly bundleHash: string
  readonly resumePoints: readonly string[]
}

/** Makes what `ctx.defer` throws. Throws `InvalidDeferral`, naming what is wrong and the fix. */
export function makeDeferral(place: DeferPlace, trigger: Trigger, options: DeferOptions): Deferral {
  const { resume, state, timeout = null } = checkOptions(place, options)
  if (!isTrigger(trigger)) {
    throw new InvalidDeferral(
      `ctx.defer() of "${place.taskId}" got no trigger as its first argument. ` +
        "Fix: give it after(), at(), httpPoll(), fileExists(), runFinished(), or what a trigger() of yours returns",
    )
  }
  const recorded: RecordedDeferral = {
    trigger: writeTrigger(place, trigger),
    resume,
    state: encode(state, { name: "state", bytesMax: deferredStateBytesMax }),
    timeoutMs: timeout === null ? null : requireTimeout(place, timeout),
  }
  return new Deferral(recorded)
}

function checkOptions({ taskId, resumePoints }: DeferPlace, options: DeferOptions): DeferOptions {
  if (typeof options?.resume === "string" && resumePoints.includes(options.resume)) return options
  const known = resumePoints.length === 0 ? "it has none" : `it has ${resumePoints.join(", ")}`
  throw new InvalidDeferral(
    `ctx.defer() of "${taskId}" names the resume point ${JSON.stringify(options?.resume)}; ${known}. ` +
      `Fix: task("${taskId}", fn, { resume: { collect: async (input, resumed, ctx) => { ... } } }) and { resume: "collect" } here`,
  )
}

function requireTimeout({ taskId }: DeferPlace, timeout: unknown): number {
  const ms = parseDurationMs(timeout)
  if (ms !== null && ms > 0) return ms
  throw new InvalidDeferral(
    `ctx.defer() of "${taskId}" got the timeout ${String(timeout)}; expected milliseconds from 1, or a string such as "30s", "2h"`,
  )
}

/** A user-defined trigger must be one that its bundle defines: elsewhere it is known by its name alone. */
function writeTrigger({ bundleHash }: DeferPlace, { waitsFor }: Trigger): RecordedDeferral["trigger"] {
  if (waitsFor.kind !== "user") return waitsFor
  const { name, args } = waitsFor
  if (!triggersOf(bundleHash).has(name)) {
    throw new InvalidDeferral(
      `the trigger "${name}" was not defined while the DAG file was loaded. ` +
        `Fix: call trigger("${name}", …) at the top level of the file, or of one that it imports`,
    )
  }
  const text = encode(args, { name: `the arguments of trigger "${name}"`, bytesMax: deferredStateBytesMax })
  return { kind: "user", name, args: text }
}

/** A call that deferred, and then returned a value: what it waits for, or the value, would be lost. */
export function swallowedDeferral(taskId: string): InvalidDeferral {
  return new InvalidDeferral(
    `"${taskId}" called ctx.defer() and went on: something caught what it throws. ` +
      "Fix: call it outside of try, or throw on what is an instance of Deferral",
  )
}
