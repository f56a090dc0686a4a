import { bind, type ItemCodec, type LazyXCom } from "@sluice/core/stream"
import { fromJson, toJson } from "../codec/index.ts"
import type { Instance } from "./instance.ts"
import { createReader } from "./reads.ts"

/** Turns the items that a cursor carries into JSON and back. */
export const itemCodec: ItemCodec = { encode: (value) => toJson(value, { name: "item" }), decode: fromJson }

/** Gives a stream input of an instance as something it can read, a page at a time, until the instance is stopped. */
export function bindStream(
  lazy: LazyXCom<unknown>,
  callId: number,
  instance: Instance,
): AsyncIterable<unknown> {
  return bind(lazy, { reader: createReader(() => callId), signal: instance.signal, codec: itemCodec })
}
