import { describeValue } from "./describe-value.ts"

/** How deep a cursor or a carried item may be nested; a cycle is found by it too. */
const depthMax = 200

/**
 * Says what keeps a value from surviving `JSON.parse(JSON.stringify(value))` unchanged, or null when nothing does.
 *
 * @example
 * jsonProblem({ after: undefined }, "next") // "next.after is undefined"
 */
export function jsonProblem(value: unknown, path: string, depth = 0): string | null {
  if (value === null || typeof value === "string" || typeof value === "boolean") return null
  if (typeof value === "number") return Number.isFinite(value) ? null : `${path} is ${value}`
  if (typeof value !== "object") return `${path} is ${describeValue(value)}`
  if (depth > depthMax) return `${path} is nested deeper than ${depthMax} levels, or contains itself`
  if (Array.isArray(value)) return arrayProblem(value, path, depth)
  if (!isPlainObject(value)) return `${path} is ${describeValue(value)}`
  for (const key of Object.keys(value)) {
    const problem = jsonProblem(Reflect.get(value, key), `${path}.${key}`, depth + 1)
    if (problem !== null) return problem
  }
  return null
}

function arrayProblem(values: readonly unknown[], path: string, depth: number): string | null {
  for (let index = 0; index < values.length; index++) {
    const problem = jsonProblem(values[index], `${path}[${index}]`, depth + 1)
    if (problem !== null) return problem
  }
  return null
}

// Not `=== Object.prototype`: an object may come from another realm, and then has that realm's prototype.
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Says whether two JSON values are equal. The order of keys does not count: `jsonb` does not keep it. */
export function jsonEquals(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) return arraysEqual(a, b)
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && jsonEquals(Reflect.get(a, key), Reflect.get(b, key)))
}

function arraysEqual(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (!jsonEquals(a[index], b[index])) return false
  return true
}
