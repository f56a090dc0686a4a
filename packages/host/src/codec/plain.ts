import { depthMax } from "./bounds.ts"
import { tagKey } from "./tag.ts"

// How many more values the walk may visit. Module state instead of a parameter: the walk is the hot path of every result.
let budget = 0

/**
 * Says whether `JSON.parse(JSON.stringify(value))` gives the value back, so that it needs no tags.
 *
 * Each value takes at least two characters of text, so a walk over more than `valuesMax` values has found one that is too
 * large: it ends there, which also bounds the walk over data that shares its parts.
 */
export function isPlain(value: unknown, valuesMax: number): boolean {
  budget = valuesMax
  return walk(value, 0)
}

function walk(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
    case "object":
      if (value === null) return true
      if (depth >= depthMax || --budget < 0) return false
      return Array.isArray(value) ? walkArray(value, depth) : walkObject(value, depth)
    default:
      return false
  }
}

function walkArray(array: readonly unknown[], depth: number): boolean {
  if (Object.getPrototypeOf(array) !== Array.prototype) return false
  budget -= array.length
  for (let index = 0; index < array.length; index++) {
    // A hole reads as undefined, which is not plain.
    if (!walk(array[index], depth + 1)) return false
  }
  return true
}

function walkObject(object: object, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const key in object) {
    if (key === tagKey || !walk((object as Record<string, unknown>)[key], depth + 1)) return false
  }
  return Object.getOwnPropertySymbols(object).length === 0
}
