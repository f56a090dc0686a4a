import type { Json } from "../port.ts"
import { byteClasses, errorClasses, tagKey } from "./tag.ts"

const tagInText = `"${tagKey}"`

/** Reads what `encode` wrote. */
export function decode(text: string): unknown {
  const value: unknown = JSON.parse(text)
  return text.includes(tagInText) ? revive(value) : value
}

/** Gives back the value of which `toJson` made this JSON. */
export function fromJson(json: Json): unknown {
  return decode(JSON.stringify(json))
}

/** Replaces the tags below a freshly parsed value, in place. */
function revive(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = revive(value[index])
    return value
  }
  const record = value as Record<string, unknown>
  const mark = Object.hasOwn(record, tagKey) ? record[tagKey] : undefined
  if (mark !== undefined) return untag(mark)
  for (const key of Object.keys(record)) {
    const before = record[key]
    if (typeof before === "object" && before !== null) setOwn(record, key, revive(before))
  }
  return record
}

function untag(mark: unknown): unknown {
  if (mark === "undefined") return undefined
  if (!Array.isArray(mark))
    throw new Error(`unknown tag in an encoded value: ${JSON.stringify(mark).slice(0, 100)}`)
  const [name, ...parts] = mark as [string, ...unknown[]]
  switch (name) {
    case "number":
      return Number(parts[0])
    case "bigint":
      return BigInt(parts[0] as string)
    case "Date":
      return new Date(parts[0] as string)
    case "Map":
      return new Map(revive(parts[0]) as [unknown, unknown][])
    case "Set":
      return new Set(revive(parts[0]) as unknown[])
    case "RegExp":
      return new RegExp(parts[0] as string, parts[1] as string)
    case "URL":
      return new URL(parts[0] as string)
    case "ArrayBuffer":
      return toBytes(parts[0] as string).buffer
    case "Error":
      return reviveError(parts as [string, string, string | null, Record<string, unknown>])
    case "object":
      return reviveEntries(parts[0] as [string, unknown][])
    default:
      return reviveBytes(name, parts[0] as string)
  }
}

function reviveError([name, message, stack, kept]: [
  string,
  string,
  string | null,
  Record<string, unknown>,
]): Error {
  const errors = revive(kept) as Record<string, unknown>
  const error = Array.isArray(errors["errors"])
    ? new AggregateError([], message)
    : new (errorClasses.get(name) ?? Error)(message)
  if (error.name !== name) defineHidden(error, "name", name)
  defineHidden(error, "stack", stack ?? undefined)
  for (const [key, value] of Object.entries(errors)) {
    if (key === "cause" || key === "errors") defineHidden(error, key, value)
    else setOwn(error, key, value)
  }
  return error
}

function reviveEntries(entries: readonly [string, unknown][]): Record<string, unknown> {
  const record: Record<string, unknown> = {}
  for (const [key, value] of entries) setOwn(record, key, revive(value))
  return record
}

function reviveBytes(name: string, base64: string): unknown {
  const bytes = toBytes(base64)
  if (name === "Buffer") return Buffer.from(bytes.buffer)
  const byteClass = Object.hasOwn(byteClasses, name)
    ? byteClasses[name as keyof typeof byteClasses]
    : undefined
  if (byteClass === undefined) throw new Error(`unknown tag in an encoded value: ${name.slice(0, 100)}`)
  return new (byteClass as Uint8ArrayConstructor)(bytes.buffer)
}

/** Copied out of Node's shared pool, so that the buffer is aligned and holds these bytes alone. */
function toBytes(base64: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(base64, "base64"))
}

function defineHidden(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: false, configurable: true, writable: true })
}

function setOwn(target: object, key: string, value: unknown): void {
  if (key !== "__proto__") (target as Record<string, unknown>)[key] = value
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}
