import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { expect, it } from "vitest"
import { filesBelow, root, textOf } from "./source-files.ts"

it("every link between documents leads to a file", () => {
  const broken = filesBelow(".", ".md").flatMap((path) =>
    [...textOf(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)]
      .map((match) => match[1]!)
      .filter((target) => !existsSync(join(root, dirname(path), target)))
      .map((target) => `${path} links to ${target}`),
  )
  expect(broken).toEqual([])
})

it("decisions are numbered once each", () => {
  const numbers = filesBelow("docs/decisions", ".md").map((path) => Number(/(\d{4})-/.exec(path)?.[1]))
  expect(numbers).toEqual([...new Set(numbers)])
})
