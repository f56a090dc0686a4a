/**
 * Packs `sluice` as it is published: one tarball with the packages of the workspace that it consists of inside.
 *
 * They come as bundled dependencies, each as npm would pack it alone, so that paths among their files stay as they are: of
 * the child process, the migrations, the web UI. What others publish is asked for by the tarball's own package.json.
 */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { uiFolder } from "@sluice/ui"

const run = promisify(execFile)
const workspace = fileURLToPath(new URL("../../../../", import.meta.url))

/** The most that npm and tsc may print. */
const outputBytesMax = 64 * 1024 * 1024

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Makes the tarball in a folder, and gives its path. Builds what it needs. */
export async function packSluice(destination: string): Promise<string> {
  await run(join(workspace, "node_modules", ".bin", "tsc"), ["-b"], { cwd: workspace })
  await uiFolder()
  const stage = mkdtempSync(join(tmpdir(), "sluice-pack-"))
  try {
    const own = manifestOf("cli")
    const bundled = partsOf(own)
    await Promise.all([
      unpack("cli", join(stage, "package")),
      ...bundled.map((name) => unpack(name, join(stage, "package", "node_modules", "@sluice", name))),
    ])
    const manifest = manifestWith(own, bundled)
    writeFileSync(join(stage, "package", "package.json"), `${JSON.stringify(manifest, null, 2)}\n`)
    return await npmPack(join(stage, "package"), destination)
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(workspace, "packages", name, "package.json"), "utf8")) as Manifest
}

/** The packages of the workspace that one needs, and those that they need. */
function partsOf({ dependencies = {} }: Manifest, known: readonly string[] = []): string[] {
  return Object.keys(dependencies)
    .filter((name) => name.startsWith("@sluice/"))
    .map((name) => name.slice("@sluice/".length))
    .reduce<string[]>(
      (parts, name) => (parts.includes(name) ? parts : partsOf(manifestOf(name), [...parts, name])),
      [...known],
    )
}

/** The package.json of the tarball: what its parts need of others, it needs itself. */
function manifestWith(own: Manifest, bundled: readonly string[]) {
  const dependencies: Record<string, string> = {}
  for (const part of [own, ...bundled.map(manifestOf)]) {
    for (const [name, version] of Object.entries(part.dependencies ?? {})) {
      const before = dependencies[name]
      if (before !== undefined && before !== version)
        throw new Error(
          `${part.name} needs ${name} ${version}, and another package of the workspace ${before}`,
        )
      dependencies[name] = version
    }
  }
  return { ...own, dependencies, bundleDependencies: bundled.map((name) => `@sluice/${name}`) }
}

/** Puts a package of the workspace into a folder, as npm would publish it. */
async function unpack(name: string, folder: string): Promise<void> {
  const at = mkdtempSync(join(tmpdir(), "sluice-pack-part-"))
  try {
    const tarball = await npmPack(join(workspace, "packages", name), at)
    mkdirSync(folder, { recursive: true })
    await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", folder])
  } finally {
    rmSync(at, { recursive: true, force: true })
  }
}

async function npmPack(folder: string, destination: string): Promise<string> {
  // Its scripts would build the web UI again, where others may be reading it.
  const words = ["pack", "--json", "--ignore-scripts", "--loglevel=error", "--pack-destination", destination]
  const { stdout } = await run("npm", words, { cwd: folder, maxBuffer: outputBytesMax })
  const [packed] = JSON.parse(stdout) as { filename: string }[]
  if (packed === undefined) throw new Error(`npm has packed nothing in ${folder}`)
  return join(destination, packed.filename.replace("@", "").replace("/", "-"))
}
