import { decode } from "@sluice/host/codec"

/**
 * Prints an encoded value as JSON that people can read.
 *
 * What JSON has no form for is shown by its nearest one: dates and URLs as text, bigints as digits, maps as pairs, sets as
 * lists, bytes as base64, errors by name and message, undefined as null.
 */
export function readableJson(encoded: string, indent?: number): string {
  return JSON.stringify(readableValue(encoded), null, indent)
}

/** Reads an encoded value as plain JSON values. */
export function readableValue(encoded: string): unknown {
  return readable(decode(encoded))
}

/** Gives the plain value that stands for a decoded one. */
export function readable(value: unknown): unknown {
  switch (typeof value) {
    case "undefined":
      return null
    case "bigint":
      return value.toString()
    case "number":
      return Number.isFinite(value) ? value : String(value)
    case "object":
      return value === null ? null : readableObject(value)
    default:
      return value
  }
}

function readableObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(readable)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString()
  if (value instanceof Map) return [...value].map(([key, one]) => [readable(key), readable(one)])
  if (value instanceof Set) return [...value].map(readable)
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64")
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")
  if (value instanceof Error) return { name: value.name, message: value.message }
  if (value instanceof RegExp || value instanceof URL) return String(value)
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, readable(one)]))
}
