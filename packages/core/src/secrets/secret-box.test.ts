import { fc, test } from "@fast-check/vitest"
import { describe, expect, it } from "vitest"
import { makeSecretBox, makeSecretKey } from "./secret-box.ts"

const box = makeSecretBox([makeSecretKey()])

describe("a secret box", () => {
  test.prop([fc.string({ unit: "binary" }).map((text) => text.toWellFormed()), fc.string()])(
    "always opens what it sealed, for that place alone",
    (text, place) => {
      const sealed = box.seal(text, place)
      expect(box.open(sealed, place)).toBe(text)
      expect(() => box.open(sealed, `${place}x`)).toThrow("another place")
    },
  )

  it("never seals a text twice alike, nor shows it", () => {
    expect(box.seal("a secret", "p")).not.toBe(box.seal("a secret", "p"))
    expect(Buffer.from(box.seal("a secret", "p").split(".")[2]!, "base64url").includes("a secret")).toBe(
      false,
    )
  })

  it("opens what an older key sealed, and says when a key is missing", () => {
    const [older, newer] = [makeSecretKey(), makeSecretKey()]
    const sealed = makeSecretBox([older]).seal("text", "p")
    expect(makeSecretBox([newer, older]).open(sealed, "p")).toBe("text")
    expect(() => makeSecretBox([newer]).open(sealed, "p")).toThrow("sealed with another key")
    expect(
      [[older], [older, newer], [newer, older]].map((keys) => makeSecretBox(keys).isNewest(sealed)),
    ).toEqual([true, true, false])
  })

  it("refuses what was changed, what it never sealed, and keys that are none", () => {
    const sealed = box.seal("text", "p")
    const last = sealed.at(-2)!
    const changed = `${sealed.slice(0, -2)}${last === "A" ? "B" : "A"}${sealed.at(-1)!}`
    for (const one of [changed, sealed.slice(0, 20), "", "plain", "v1.x.y"])
      expect(() => box.open(one, "p")).toThrow()
    for (const key of ["", "short", "x".repeat(100)])
      expect(() => makeSecretBox([key])).toThrow("expected 32")
    expect(() => makeSecretBox([])).toThrow("at least one")
  })
})
