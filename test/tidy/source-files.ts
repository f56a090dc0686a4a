import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"

/** The root of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url))

const skipped = new Set(["node_modules", "dist", ".git", ".sluice", "results"])

/** All files below a folder of the repository whose name ends so, as paths from the root. */
export function filesBelow(folder: string, ending: string): string[] {
  const found: string[] = []
  const walk = (at: string) => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      if (skipped.has(entry.name)) continue
      const path = join(at, entry.name)
      if (entry.isDirectory()) walk(path)
      else if (entry.name.endsWith(ending)) found.push(relative(root, path))
    }
  }
  walk(join(root, folder))
  return found
}

/** The text of a file, by its path from the root. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), "utf8")
}
