import { fc, test } from "@fast-check/vitest"
import { expect, it } from "vitest"
import { around, diffLines } from "./diff.ts"

const texts = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 }).map((lines) => lines.join("\n"))

test.prop([texts, texts])("has both texts in it, in order", (before, after) => {
  const lines = diffLines(before, after)
  const side = (out: "gone" | "new") =>
    lines
      .filter(({ kind }) => kind !== out)
      .map(({ text }) => text)
      .join("\n")
  expect(side("new")).toBe(before)
  expect(side("gone")).toBe(after)
})

it("changes as little as it can, and leaves out what is far from it", () => {
  const before = Array.from({ length: 40 }, (_, n) => `line ${n}`)
  const lines = around(diffLines(before.join("\n"), before.with(20, "changed").join("\n")), 1)
  expect(lines.map((line) => (line === null ? "…" : `${line.kind} ${line.text}`))).toEqual([
    "…",
    "same line 19",
    "gone line 20",
    "new changed",
    "same line 21",
    "…",
  ])
})
