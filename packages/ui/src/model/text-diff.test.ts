import { fc, test } from "@fast-check/vitest"
import { expect, it } from "vitest"
import { diffTexts } from "./text-diff.ts"

/** They end alike: whether a text ends with a line break is told as a note of its last line. */
const texts = fc
  .array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 })
  .map((lines) => [...lines, "the end"])

test.prop([texts, texts])(
  "numbers each line as its own text does, and leaves out only what is the same",
  (before, after) => {
    const lines = (diffTexts(before.join("\n"), after.join("\n")) ?? []).flat()
    for (const line of lines) {
      if (line.before !== null) expect(before[line.before - 1]).toBe(line.text)
      if (line.after !== null) expect(after[line.after - 1]).toBe(line.text)
    }
    const rest = (text: readonly string[], side: "before" | "after") =>
      text.filter((_, at) => !lines.some((line) => line[side] === at + 1))
    expect(rest(before, "before")).toEqual(rest(after, "after"))
  },
)

it("shows what differs with the lines around it", () => {
  const before = Array.from({ length: 40 }, (_, n) => `line ${n + 1}`)
  const hunks = diffTexts(before.join("\n"), before.with(20, "changed").join("\n"))
  expect(hunks?.map((hunk) => hunk.map((line) => `${line.kind} ${line.text}`))).toEqual([
    [
      ...["same line 18", "same line 19", "same line 20"],
      ...["gone line 21", "new changed"],
      ...["same line 22", "same line 23", "same line 24"],
    ],
  ])
})

it("gives up where more differs than is looked for", () => {
  const text = (name: string) => Array.from({ length: 4_000 }, (_, n) => `${name} ${n}`).join("\n")
  expect(diffTexts(text("a"), text("b"))).toBeNull()
})
