// Where the built pages are. Plain JavaScript: it is the same file in the sources and in the package.

import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("./", import.meta.url))
const built = join(root, "dist")
const sources = join(root, "src")

export class UiNotBuilt extends Error {
  name = "UiNotBuilt"
}

let building

export async function uiFolder() {
  if (isFresh()) return built
  building ??= build().finally(() => {
    building = undefined
  })
  await building
  return built
}

/** The package has no sources: what it has is what there is. */
function isFresh() {
  if (!existsSync(sources)) return true
  const document = join(built, "index.html")
  return existsSync(document) && statSync(document).mtimeMs >= newestSource()
}

function newestSource() {
  const files = readdirSync(sources, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const around = ["index.html", "docs/index.html", "vite.config.ts", "package.json"].map((name) =>
    join(root, name),
  )
  return Math.max(...[...files, ...around].map((path) => statSync(path).mtimeMs))
}

/** In a process of its own, so that the bundler's memory goes with it; beside its place first, so that half of it is never served. */
async function build() {
  const vite = vitePath()
  const fresh = mkdtempSync(join(root, "dist-"))
  try {
    await new Promise((resolve, reject) => {
      const args = [vite, "build", "--outDir", fresh, "--emptyOutDir", "--logLevel", "warn"]
      execFile(process.execPath, args, { cwd: root }, (error, stdout, stderr) => {
        if (error === null) resolve()
        else reject(new UiNotBuilt(`the web UI could not be built:\n${stdout}${stderr}`, { cause: error }))
      })
    })
    rmSync(built, { recursive: true, force: true })
    renameSync(fresh, built)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

function vitePath() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("vite/package.json")), "bin", "vite.js")
  } catch (cause) {
    throw new UiNotBuilt("the web UI is not built, and there is no bundler here: run `npm ci` at the root", {
      cause,
    })
  }
}
