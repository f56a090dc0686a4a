import type { Json } from "../json.ts"
import { jsonEquals } from "../stream/json-value.ts"

const step = /\.?([^.[\]]+)|\[(\d+)\]/y

/**
 * Reads a path into a JSON value: names parted by dots, places in lists in brackets. Null when it is not one.
 *
 * @example
 * parseJsonPath("items[0].state") // ["items", 0, "state"]
 */
export function parseJsonPath(path: string): readonly (string | number)[] | null {
  const steps: (string | number)[] = []
  step.lastIndex = 0
  while (step.lastIndex < path.length) {
    const isFirst = steps.length === 0
    const startsWithDot = path[step.lastIndex] === "."
    const match = step.exec(path)
    if (match === null || (match[1] !== undefined && isFirst === startsWithDot)) return null
    steps.push(match[1] ?? Number(match[2]))
  }
  return steps.length === 0 ? null : steps
}

/** Whether a value holds another at a path. */
export function holdsAt(
  value: Json,
  { path, equals }: { readonly path: string; readonly equals: Json },
): boolean {
  const found = readJsonPath(value, path)
  return found !== undefined && jsonEquals(found, equals)
}

/** The value at a path, or undefined where there is none. */
function readJsonPath(value: Json, path: string): Json | undefined {
  let at: Json | undefined = value
  for (const name of parseJsonPath(path) ?? []) {
    if (typeof at !== "object" || at === null) return undefined
    const isPlace = typeof name === "number"
    if (isPlace !== Array.isArray(at) || !Object.hasOwn(at, name)) return undefined
    at = (at as Record<string | number, Json>)[name]
  }
  return at
}
