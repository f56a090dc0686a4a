import type { Json } from "../port.ts"
import { valueBytesMax } from "./bounds.ts"
import { NotEncodable } from "./not-encodable.ts"
import { isPlain } from "./plain.ts"
import { tagged } from "./to-json.ts"

/** How a value is called in messages, and how large it may be. */
export interface EncodeOptions {
  readonly name?: string
  readonly bytesMax?: number
}

const undefinedText = '{"$sluice":"undefined"}'

/**
 * Writes a value as JSON text from which `decode` gives it back.
 *
 * What JSON can keep comes out exactly as `JSON.stringify` writes it; dates, maps, bytes, bigints and the like are
 * tagged in their place. Throws `NotEncodable`, naming the place, for what cannot be kept or is too large.
 *
 * @example
 * encode({ id: 1, at: new Date(0) }) // {"id":1,"at":{"$sluice":["Date","1970-01-01T00:00:00.000Z"]}}
 */
export function encode(value: unknown, options: EncodeOptions = {}): string {
  if (value === undefined) return undefinedText
  const bytesMax = options.bytesMax ?? valueBytesMax
  const text =
    plainText(value, bytesMax) ?? JSON.stringify(tagged(value, { name: options.name ?? "value", bytesMax }))
  // A character takes at most three bytes of UTF-8, so most texts need not be measured.
  if (text.length * 3 > bytesMax) checkSize(text, bytesMax, options.name ?? "value")
  return text
}

/** Gives the JSON form of a value, tagged where JSON has none; the inverse is `fromJson`. */
export function toJson(value: unknown, options: EncodeOptions = {}): Json {
  const bytesMax = options.bytesMax ?? valueBytesMax
  if (checkPlain(value, bytesMax)) return value as Json
  return tagged(value, { name: options.name ?? "value", bytesMax })
}

function plainText(value: unknown, bytesMax: number): string | null {
  return checkPlain(value, bytesMax) ? JSON.stringify(value) : null
}

/** A getter that throws makes a value not plain: the slow path says where. */
function checkPlain(value: unknown, bytesMax: number): boolean {
  try {
    return isPlain(value, bytesMax)
  } catch {
    return false
  }
}

function checkSize(text: string, bytesMax: number, name: string): void {
  const bytes = Buffer.byteLength(text)
  if (bytes <= bytesMax) return
  throw new NotEncodable(
    `${name} takes ${bytes} bytes as JSON, and at most ${bytesMax} are kept: write it to a file or table and return where it is.`,
  )
}
