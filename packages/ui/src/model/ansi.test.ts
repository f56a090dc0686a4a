import { fc, test } from "@fast-check/vitest"
import { expect, it } from "vitest"
import { ansiParts } from "./ansi.ts"

it("gives colours the tones of the theme, and leaves out what is no look", () => {
  expect(ansiParts("a \u001B[31mred\u001B[0m \u001B[1;32mgreen\u001B[39m!\u001B[2K")).toEqual([
    { text: "a ", tone: null, isBold: false },
    { text: "red", tone: "failed", isBold: false },
    { text: " ", tone: null, isBold: false },
    { text: "green", tone: "success", isBold: true },
    { text: "!", tone: null, isBold: true },
  ])
})

test.prop([fc.string()])("loses no text that is not an escape", (text) => {
  const plain = text.replaceAll("\u001B", "")
  expect(
    ansiParts(`${plain}\u001B[35m${plain}`)
      .map((part) => part.text)
      .join(""),
  ).toBe(plain + plain)
})
