/**
 * The key that marks a value JSON has no form for. Such a value stands where it was, as an object with this one key:
 * `{ "at": { "$sluice": ["Date", "2026-01-01T00:00:00.000Z"] } }`.
 */
export const tagKey = "$sluice"

/** The names of the classes that are kept as base64 of their bytes. */
export const byteClasses = {
  Buffer,
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
  BigInt64Array,
} as const

/** The built-in errors that come back as themselves; any other comes back as `Error` with its name. */
export const errorClasses: ReadonlyMap<string, ErrorConstructor> = new Map<string, ErrorConstructor>([
  ["EvalError", EvalError],
  ["RangeError", RangeError],
  ["ReferenceError", ReferenceError],
  ["SyntaxError", SyntaxError],
  ["TypeError", TypeError],
  ["URIError", URIError],
])
