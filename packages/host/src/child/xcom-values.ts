import { decode } from "../codec/index.ts"
import type { ExecutionContext } from "../port.ts"

const shared = new WeakMap<ExecutionContext, ReadonlyMap<string, unknown>>()

/**
 * Gives the values of the XComs a task takes, by task id.
 *
 * An unmapped task gets its own copies. The instances of a mapped task share one decoded copy, since decoding a large
 * constant for each item would cost more than the item; it is frozen, so that one instance cannot change what the
 * others see, and an attempt to is an error instead of a riddle.
 */
export function xcomValues(context: ExecutionContext, isMapped: boolean): Map<string, unknown> {
  if (!isMapped) return decodeAll(context)
  let values = shared.get(context)
  if (values === undefined) {
    values = decodeAll(context)
    for (const value of values.values()) deepFreeze(value)
    shared.set(context, values)
  }
  return values as Map<string, unknown>
}

function decodeAll(context: ExecutionContext): Map<string, unknown> {
  return new Map(Object.entries(context.xcoms).map(([taskId, text]) => [taskId, decode(text)]))
}

/** Freezes plain data all the way down. Maps, sets and bytes cannot be frozen and stay as they are. */
export function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value))
    return
  Object.freeze(value)
  for (const key of Object.keys(value)) deepFreeze(Reflect.get(value, key))
}
