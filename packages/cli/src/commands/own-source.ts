import { existsSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

/** This package's folder: where it was installed, or its sources. */
const packageRoot = fileURLToPath(new URL("../../", import.meta.url))

/** What a new project asks npm for, to get this very version of Sluice: from the registry, or the tarball that it came from. */
export function ownSource(root = packageRoot): string {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }
  return tarballOf(resolve(root)) ?? `^${version}`
}

/** npm keeps beside what it installs where that came from. */
function tarballOf(root: string): string | null {
  const modules = dirname(root)
  const lock = join(modules, ".package-lock.json")
  if (!existsSync(lock)) return null
  const { packages } = JSON.parse(readFileSync(lock, "utf8")) as {
    packages?: Readonly<Record<string, { readonly resolved?: string }>>
  }
  const resolved = packages?.["node_modules/sluice"]?.resolved
  if (resolved === undefined || !resolved.startsWith("file:")) return null
  return `file:${resolve(dirname(modules), resolved.slice("file:".length))}`
}
