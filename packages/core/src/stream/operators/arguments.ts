import { describeValue } from "../describe-value.ts"
import type { PagedStream } from "../paged-stream.ts"

/** Throws a `RangeError` or `TypeError` unless `value` is a whole number of at least `min`. */
export function requireCount(name: string, value: unknown, min: number): void {
  if (typeof value !== "number") {
    throw new TypeError(`${name} takes a whole number of at least ${min}, and got ${describeValue(value)}.`)
  }
  if (!Number.isSafeInteger(value) || value < min) {
    throw new RangeError(`${name} takes a whole number of at least ${min}, and got ${value}.`)
  }
}

/** Throws a `TypeError` unless `value` is a function. */
export function requireFunction(name: string, value: unknown): void {
  if (typeof value === "function") return
  throw new TypeError(`${name} takes a function, and got ${describeValue(value)}.`)
}

/** Throws a `TypeError` unless `value` is a stream that can be pulled. */
export function requireStream(name: string, value: unknown): void {
  if (isPagedStream(value)) return
  throw new TypeError(`${name} takes streams, and got ${describeValue(value)}.`)
}

/** Says whether a value can be pulled page by page. */
export function isPagedStream(value: unknown): value is PagedStream<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "start" in value &&
    typeof Reflect.get(value, "pull") === "function" &&
    typeof Reflect.get(value, "close") === "function"
  )
}
