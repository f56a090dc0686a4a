import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { type Browser, chromium } from "playwright-core"

const names = ["chromium", "chromium-browser", "google-chrome"]

/** Where a Chromium of the machine is; `SLUICE_CHROMIUM` names another. No browser is ever downloaded. */
export function findChromium(): string {
  const named = process.env["SLUICE_CHROMIUM"]
  if (named !== undefined) return named
  const folders = (process.env["PATH"] ?? "").split(delimiter)
  const found = folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => existsSync(path))
  if (found !== undefined) return found
  throw new Error(
    "no Chromium was found: install one (`apt-get install chromium`), or name it in SLUICE_CHROMIUM",
  )
}

/** Starts it. As root it has no sandbox of its own; it loads only what the test's server sends. */
export function startChromium(): Promise<Browser> {
  const asRoot = process.getuid?.() === 0
  return chromium.launch({ executablePath: findChromium(), args: asRoot ? ["--no-sandbox"] : [] })
}
