import { readdir, stat } from "node:fs/promises"
import { basename, join, relative, sep } from "node:path"

/** The most DAG files of one folder; a folder with more is most likely not one of DAG files. */
export const dagFilesMax = 10_000

const dagFileName = /\.(ts|mts|js|mjs)$/
const otherFileName = /\.(test|spec|d)\.[^.]+$/

/**
 * Says whether a path, seen from its DAG folder, is that of a DAG file: a TypeScript or JavaScript module, no test, no
 * declarations, and nowhere on its way a name that begins with `_` or `.`, or `node_modules`.
 */
export function isDagPath(path: string): boolean {
  const name = basename(path)
  return (
    dagFileName.test(name) &&
    !otherFileName.test(name) &&
    path.split(/[\\/]/).every((part) => !isSetAside(part))
  )
}

/** Says whether a folder or file of this name, with all below it, holds no DAG files. */
function isSetAside(name: string): boolean {
  return name.startsWith("_") || isNeverRead(name)
}

/** Says whether a folder or file of this name is nobody's module either: helpers with `_` in front are imported. */
export function isNeverRead(name: string): boolean {
  return name.startsWith(".") || name === "node_modules"
}

/** Lists the DAG files of a folder and all folders in it, in order, by their paths below it with `/` between. */
export async function listDagPaths(folder: string): Promise<string[]> {
  const found: string[] = []
  const pending = [folder]
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      const path = join(at, entry.name)
      if (isSetAside(entry.name)) continue
      if (entry.isDirectory()) pending.push(path)
      else if ((await isFile(entry, path)) && isDagPath(entry.name)) found.push(relative(folder, path))
    }
    if (found.length > dagFilesMax)
      throw new Error(
        `${folder} has more than ${dagFilesMax} files. Expected a folder of DAG files; name it by --dags`,
      )
  }
  return found.map((path) => path.split(sep).join("/")).toSorted()
}

/** Also a link to a file; a link to a folder is not followed, since it may lead round in a circle. */
async function isFile(
  entry: { isFile(): boolean; isSymbolicLink(): boolean },
  path: string,
): Promise<boolean> {
  if (entry.isFile()) return true
  if (!entry.isSymbolicLink()) return false
  return stat(path).then(
    (target) => target.isFile(),
    () => false,
  )
}

/** A text for each file that differs when it was written, made or removed since. */
export async function stampsOf(paths: Iterable<string>): Promise<Map<string, string>> {
  const stamps = new Map<string, string>()
  for (const path of paths) {
    const stamp = await stat(path).then(
      ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
      () => "none",
    )
    stamps.set(path, stamp)
  }
  return stamps
}
