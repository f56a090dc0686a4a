import type { Json } from "../json.ts"
import { isGap } from "./gap.ts"
import { Gap } from "./gap.ts"
import { jsonProblem } from "./json-value.ts"

/** Turns items that a cursor must carry into JSON and back. Whoever runs a stream supplies the real one. */
export interface ItemCodec {
  encode(value: unknown): Json
  decode(json: Json): unknown
}

/** An item that a cursor must carry does not survive JSON, and the scope's codec cannot help. */
export class UnencodableItem extends Error {
  override readonly name = "UnencodableItem"
  readonly retryable = false
}

/** Leaves JSON as it is and refuses everything else, so that no cursor ever loses part of an item. */
export const jsonCodec: ItemCodec = {
  encode(value) {
    const problem = jsonProblem(value, "item")
    if (problem === null) return value as Json
    throw new UnencodableItem(
      `An item must wait in the stream's cursor for the next page, and does not survive JSON (${problem}). ` +
        `Map it to JSON before chunk, zip or flatMap, or pull with a scope that has a codec for it.`,
    )
  },
  decode: (json) => json,
}

/** Leaves every item as it is: for streams that are read to their end in one process, whose cursors go nowhere. */
export const memoryCodec: ItemCodec = {
  encode: (value) => value as Json,
  decode: (json) => json,
}

/** An item inside a cursor: a one-element array around its encoded form, or the bare state of a gap. */
export type CarriedItem = readonly [Json] | Gap["state"]

/** Packs items into a cursor, gaps included. */
export function carryItems(items: readonly unknown[], codec: ItemCodec): CarriedItem[] {
  return items.map((item) => (isGap(item) ? item.state : [codec.encode(item)]))
}

/** Unpacks the items of a cursor. */
export function takeCarried<A>(carried: readonly CarriedItem[], codec: ItemCodec): A[] {
  return carried.map((item) => (typeof item === "string" ? new Gap(item) : codec.decode(item[0])) as A)
}
