import { types } from "node:util"
import type { Json } from "../port.ts"
import { depthMax } from "./bounds.ts"
import { formatPath, NotEncodable, type PathStep } from "./not-encodable.ts"
import { byteClasses, tagKey } from "./tag.ts"

/** What one conversion carries along: the objects it is inside of, and how many more values it may visit. */
interface Walk {
  readonly inside: Set<object>
  readonly bytesMax: number
  budget: number
}

/** Gives a value's JSON form, with tags where JSON has none. Throws `NotEncodable` naming the place it cannot keep. */
export function tagged(value: unknown, options: { name: string; bytesMax: number }): Json {
  const walk: Walk = { inside: new Set(), bytesMax: options.bytesMax, budget: options.bytesMax }
  return convert(value, { parent: null, key: options.name }, walk)
}

function convert(value: unknown, path: PathStep, walk: Walk): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value
    case "number":
      if (Number.isFinite(value) && !Object.is(value, -0)) return value
      return tag("number", Object.is(value, -0) ? "-0" : String(value))
    case "bigint":
      return tag("bigint", String(value))
    case "undefined":
      return { [tagKey]: "undefined" }
    case "function":
      return refuse(path, `is a function${value.name ? ` (${value.name})` : ""}: return plain data`)
    case "symbol":
      return refuse(path, `is a symbol (${String(value)}): return plain data, such as its name as a string`)
    default:
      return value === null ? null : enter(value as object, path, walk)
  }
}

/** Converts an object, keeping watch over what it is inside of, how deep, and how much there is. */
function enter(object: object, path: PathStep, walk: Walk): Json {
  if (walk.inside.has(object)) {
    return refuse(
      path,
      "refers back to an object that contains it (a circular structure): return plain data without the back reference",
    )
  }
  if (walk.inside.size >= depthMax)
    return refuse(path, `is nested deeper than ${depthMax} levels: return a flatter structure`)
  if (--walk.budget < 0) {
    return refuse(
      path,
      `makes the value larger than ${walk.bytesMax} bytes: write it to a file or table and return where it is`,
    )
  }
  walk.inside.add(object)
  const json = Array.isArray(object) ? convertArray(object, path, walk) : convertObject(object, path, walk)
  walk.inside.delete(object)
  return json
}

function convertArray(array: readonly unknown[], path: PathStep, walk: Walk): Json {
  if (Object.getPrototypeOf(array) !== Array.prototype) return refuseInstance(array, path)
  const items: Json[] = []
  walk.budget -= array.length
  for (let index = 0; index < array.length; index++) {
    if (!(index in array))
      refuse(
        path,
        `is a sparse array, with a hole at index ${index}: fill it (null, undefined) or leave it out`,
      )
    items.push(convert(array[index], { parent: path, key: index }, walk))
  }
  return items
}

function convertObject(object: object, path: PathStep, walk: Walk): Json {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype === Object.prototype || prototype === null) return convertRecord(object, path, walk)
  if (types.isNativeError(object)) return convertError(object, path, walk)
  switch (prototype) {
    case Date.prototype:
      return convertDate(object as Date, path)
    case Map.prototype: {
      const entries = Array.from(object as Map<unknown, unknown>, ([key, value], index): Json => {
        const name = typeof key === "string" ? key : index
        return [
          convert(key, { parent: path, key: `key ${index}` }, walk),
          convert(value, { parent: path, key: name }, walk),
        ]
      })
      return tag("Map", entries)
    }
    case Set.prototype:
      return tag(
        "Set",
        Array.from(object as Set<unknown>, (item, index) =>
          convert(item, { parent: path, key: index }, walk),
        ),
      )
    case RegExp.prototype:
      return tag("RegExp", (object as RegExp).source, (object as RegExp).flags)
    case URL.prototype:
      return tag("URL", (object as URL).href)
    case ArrayBuffer.prototype:
      return tag("ArrayBuffer", Buffer.from(object as ArrayBuffer).toString("base64"))
    default:
      return convertBytes(object, path)
  }
}

function convertRecord(object: object, path: PathStep, walk: Walk): Json {
  const symbol = Object.getOwnPropertySymbols(object)[0]
  if (symbol !== undefined) return refuse(path, `has a symbol as key (${String(symbol)}): use string keys`)
  const record: Record<string, Json> = {}
  for (const key of Object.keys(object)) {
    const step = { parent: path, key }
    setOwn(record, key, convert(read(object, key, step), step, walk))
  }
  // The user's own "$sluice" must not be taken for a tag: such an object is kept as a tagged list of its entries.
  return Object.hasOwn(record, tagKey) ? tag("object", Object.entries(record)) : record
}

function convertDate(date: Date, path: PathStep): Json {
  if (Number.isNaN(date.getTime()))
    return refuse(path, "is an invalid Date: check what it was made from, or return null")
  return tag("Date", date.toISOString())
}

function convertError(error: Error, path: PathStep, walk: Walk): Json {
  const kept: Record<string, Json> = {}
  const extra = Object.keys(error).filter(
    (key) => key !== "name" && key !== "message" && key !== "stack" && key !== "cause",
  )
  for (const key of ["cause", "errors", ...extra]) {
    if (!Object.hasOwn(error, key)) continue
    const step = { parent: path, key }
    setOwn(kept, key, convert(read(error, key, step), step, walk))
  }
  return tag("Error", error.name, error.message, error.stack ?? null, kept)
}

function convertBytes(object: object, path: PathStep): Json {
  const prototype: unknown = Object.getPrototypeOf(object)
  for (const [name, byteClass] of Object.entries(byteClasses)) {
    if (prototype !== byteClass.prototype) continue
    const view = object as NodeJS.TypedArray
    return tag(name, Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString("base64"))
  }
  return refuseInstance(object, path)
}

function read(object: object, key: string, path: PathStep): unknown {
  try {
    return (object as Record<string, unknown>)[key]
  } catch (cause) {
    return refuse(path, `is a getter that throws (${String(cause)}): return plain data`)
  }
}

function refuseInstance(object: object, path: PathStep): never {
  if (types.isPromise(object)) return refuse(path, "is a Promise: await it first")
  const name: unknown = object.constructor?.name
  const what =
    typeof name === "string" && name !== ""
      ? `an instance of ${name}`
      : "an object with a prototype of its own"
  return refuse(path, `is ${what}: return plain data, such as { ...fields } or its id`)
}

function refuse(path: PathStep, problem: string): never {
  throw new NotEncodable(`${formatPath(path)} ${problem}.`)
}

function tag(name: string, ...parts: readonly Json[]): Json {
  return { [tagKey]: [name, ...parts] }
}

/** Sets a property even where its name is `__proto__`, which assignment would take for the prototype. */
function setOwn(record: Record<string, Json>, key: string, value: Json): void {
  if (key !== "__proto__") record[key] = value
  else Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true })
}
