import { basename, relative } from "node:path"
import { watch } from "chokidar"
import { isNeverRead } from "./dag-folder.ts"

/** Changes that come within this many milliseconds of each other are one: editors write a file in several steps. */
const settleMs = 50

/** Tells of changes in a folder, and of files elsewhere that are asked for. */
export interface FolderWatch {
  /** Watches files outside of the folder as well; those that are watched already are passed over. */
  add(paths: readonly string[]): void
  close(): Promise<void>
}

/** Watches a folder, from when it resolves. `onChange` gets the absolute paths of what was written, made or removed, many as one. */
export async function watchFolder(
  folder: string,
  onChange: (paths: ReadonlySet<string>) => void,
): Promise<FolderWatch> {
  let changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  const settle = () => {
    const paths = changed
    changed = new Set()
    onChange(paths)
  }
  const watcher = watch(folder, {
    ignoreInitial: true,
    ignored: (path) => isBelow(folder, path) && isNeverRead(basename(path)),
  })
  watcher.on("all", (_event, path) => {
    changed.add(path)
    clearTimeout(timer)
    timer = setTimeout(settle, settleMs)
  })
  // What the watcher misses, the slow look at all files finds.
  watcher.on("error", () => {})
  await new Promise<void>((ready) => watcher.once("ready", ready))
  const added = new Set<string>()
  return {
    add: (paths) => {
      const fresh = paths.filter((path) => !added.has(path) && !isBelow(folder, path))
      for (const path of fresh) added.add(path)
      if (fresh.length > 0) watcher.add(fresh)
    },
    close: async () => {
      clearTimeout(timer)
      await watcher.close()
    },
  }
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== "" && !way.startsWith("..")
}
