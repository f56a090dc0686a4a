import { existsSync, readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

/** Lists what a file and all that it imports import from outside of the package, types left out. */
function packagesBehind(file: string): Set<string> {
  const files = new Set([file])
  const packages = new Set<string>()
  for (const one of files) {
    const code = readFileSync(one, "utf8")
    for (const [, name] of code.matchAll(/^(?:import|export) (?!type )[^"]*?from "([^"]+)"/gm)) {
      if (name === undefined) continue
      const path = resolve(dirname(one), name)
      if (name.startsWith(".") && existsSync(path)) files.add(path)
      else packages.add(name.split("/")[0] ?? name)
    }
  }
  return packages
}

it("loads nothing but ix and croner: a DAG file starts fast, and its author needs no Effect", () => {
  const entry = fileURLToPath(new URL("../index.ts", import.meta.url))
  expect([...packagesBehind(entry)].sort()).toEqual(["croner", "ix"])
})
