import { expect, it } from "vitest"
import { encode } from "@sluice/host/codec"
import { readableValue } from "./readable-value.ts"

it.each([
  [undefined, null],
  [12n, "12"],
  [Number.NaN, "NaN"],
  [new Date(0), "1970-01-01T00:00:00.000Z"],
  [new Map([["a", 1n]]), [["a", "1"]]],
  [new Set([1, 2]), [1, 2]],
  [new Uint8Array([1, 2, 3]), "AQID"],
  [new RangeError("too far"), { name: "RangeError", message: "too far" }],
  [new URL("https://example.org/a"), "https://example.org/a"],
  [/a+/g, "/a+/g"],
  [{ a: [{ b: undefined }] }, { a: [{ b: null }] }],
])("makes %o readable", (value, expected) => {
  expect(readableValue(encode(value))).toEqual(expected)
})
