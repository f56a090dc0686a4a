import { isDeepStrictEqual } from "node:util"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decode, encode, fromJson, toJson } from "./index.ts"

const key = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("__proto__", "constructor", "$sluice", "toString", "\u0000", "\ud800", "a.b", "0"),
)

const plainLeaf = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("\ud800", "\udc00x", "\u0000", "__proto__", '"$sluice"'),
  fc.double({ noDefaultInfinity: true, noNaN: true }).filter((n) => !Object.is(n, -0)),
  fc.boolean(),
  fc.constant(null),
)

const richLeaf = fc.oneof(
  plainLeaf,
  fc.double(),
  fc.constantFrom(undefined, -0, NaN, Infinity, -Infinity),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(/a"b\/c/giu, new URL("https://example.com/?q=ä#x")),
  fc.uint8Array(),
  fc.float64Array(),
  fc.int16Array(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.uint8Array().map((bytes) => new Uint8Array(bytes).buffer),
  fc
    .string()
    .map((message) => Object.assign(new TypeError(message, { cause: { at: new Date(0) } }), { code: 5n })),
)

/** Objects with any own key, `__proto__` among them. */
function record(value: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  return fc.array(fc.tuple(key, value), { maxLength: 5 }).map((entries) => Object.fromEntries(entries))
}

const plain = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    plainLeaf,
    fc.array(tie("value"), { maxLength: 5 }),
    record(tie("value")).filter((object) => !Object.hasOwn(object, "$sluice")),
  ),
})).value

const rich = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    richLeaf,
    fc.array(tie("value"), { maxLength: 5 }),
    record(tie("value")),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => new Set(items)),
  ),
})).value

describe("encode and decode", () => {
  it("always give back an equal value", () => {
    fc.assert(
      fc.property(rich, (value) => {
        expect(isDeepStrictEqual(decode(encode(value)), value)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it("write what JSON can keep exactly as JSON.stringify does", () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(encode(value)).toBe(JSON.stringify(value))
      }),
      { numRuns: 1000 },
    )
  })

  it("give encoded values back from the middle of an encoded array", () => {
    fc.assert(
      fc.property(fc.array(rich), (values) => {
        const joined = `[${values.map((value) => encode(value)).join(",")}]`
        expect(isDeepStrictEqual(decode(joined), values)).toBe(true)
      }),
    )
  })

  it("agree with toJson and fromJson", () => {
    fc.assert(
      fc.property(rich, (value) => {
        const json = toJson(value)
        expect(JSON.stringify(json)).toBe(encode(value))
        expect(isDeepStrictEqual(fromJson(json), value)).toBe(true)
      }),
    )
  })

  it("tag values in their place, so that the rest stays readable", () => {
    expect(encode({ id: 1, at: new Date(0), bytes: new Uint8Array([1, 2]) })).toBe(
      '{"id":1,"at":{"$sluice":["Date","1970-01-01T00:00:00.000Z"]},"bytes":{"$sluice":["Uint8Array","AQI="]}}',
    )
    expect(encode(undefined)).toBe('{"$sluice":"undefined"}')
  })

  it("keep the name, cause, own fields and stack of an error", () => {
    class Missing extends Error {
      override readonly name = "Missing"
    }
    const error = Object.assign(new Missing("gone", { cause: new RangeError("deep") }), { status: 404 })
    const back = decode(encode(error)) as Error & { status: number }
    expect(back).toBeInstanceOf(Error)
    expect([back.name, back.message, back.status, back.stack]).toEqual(["Missing", "gone", 404, error.stack])
    expect(back.cause).toBeInstanceOf(RangeError)
  })
})

describe("a value that cannot be kept", () => {
  class User {
    id = 1
  }
  const circular: { self?: unknown; list: unknown[] } = { list: [] }
  circular.list.push({ back: circular })
  let deep: unknown = 1
  for (let level = 0; level < 5000; level++) deep = { deep }

  it.each<[string, unknown, string]>([
    [
      "a function",
      { users: [{}, { onClick: () => 1 }] },
      "result.users[1].onClick is a function (onClick): return plain data.",
    ],
    ["a symbol", [Symbol("s")], "result[0] is a symbol (Symbol(s))"],
    ["a symbol key", { [Symbol("k")]: 1 }, "result has a symbol as key (Symbol(k))"],
    ["a class instance", { user: new User() }, "result.user is an instance of User: return plain data"],
    ["a promise", { a: Promise.resolve(1) }, "result.a is a Promise: await it first."],
    ["a WeakMap", new WeakMap(), "result is an instance of WeakMap"],
    ["a circular structure", circular, "result.list[0].back refers back to an object that contains it"],
    // oxlint-disable-next-line no-sparse-arrays
    ["a sparse array", { a: [1, , 3] }, "result.a is a sparse array, with a hole at index 1"],
    ["an invalid date", { "due-at": new Date(NaN) }, 'result["due-at"] is an invalid Date'],
    [
      "a getter that throws",
      Object.defineProperty({}, "x", {
        enumerable: true,
        get: () => {
          throw new Error("no")
        },
      }),
      "result.x is a getter that throws (Error: no)",
    ],
    ["an object with toJSON", { at: { toJSON: () => 1 } }, "result.at.toJSON is a function"],
    ["a subclass of Date", new (class Day extends Date {})(), "result is an instance of Day"],
    ["a boxed string", Object("x"), "result is an instance of String"],
    ["too deep a structure", deep, "is nested deeper than 500 levels"],
    ["a function inside a map", new Map([["f", () => 1]]), "result.f is a function"],
  ])("is refused by name: %s", (_what, value, message) => {
    expect(() => encode(value, { name: "result" })).toThrow(message)
  })

  it("is refused when it is too large, with its size and the limit", () => {
    expect(() => encode("é".repeat(600), { name: "result", bytesMax: 1000 })).toThrow(
      "result takes 1202 bytes as JSON, and at most 1000 are kept",
    )
    expect(encode("é".repeat(400), { bytesMax: 1000 })).toHaveLength(402)
  })

  it("is refused before its shared parts unfold without end", () => {
    let value: unknown = []
    for (let level = 0; level < 60; level++) value = [value, value]
    expect(() => encode(value, { name: "result", bytesMax: 10_000 })).toThrow(
      "makes the value larger than 10000 bytes",
    )
  })
})
