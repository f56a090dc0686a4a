import { createHash } from "node:crypto"
import { access } from "node:fs/promises"
import { basename, dirname, isAbsolute, resolve } from "node:path"
import type { Bundle } from "@sluice/core/host"
import { BundleRejected } from "@sluice/core/host"
import { type InputOptions, type OutputChunk, type RolldownOutput, rolldown } from "rolldown"
import { describeBuildError, isUnresolved } from "./build-error.ts"

/** What a host supplies itself, so that a bundle and its host mean the same classes. */
const external = [/^sluice$/, /^@sluice\/core(\/|$)/, /^node:/]

// The workspace's own packages resolve to their sources while this one does.
const conditionNames = import.meta.url.endsWith(".ts") ? ["@sluice/source"] : []

/** A bundle, and the files it was made of. */
export interface BundledFile {
  readonly bundle: Bundle
  /** Absolute paths of the modules in it, the DAG file itself among them. */
  readonly modules: readonly string[]
}

/**
 * Bundles a DAG file with all it imports into one ES module and its source map.
 *
 * The same content gives the same hash in any folder: the code carries no paths, and the map's are relative to the
 * file. Rejects with `BundleRejected`, naming the place, when the file or an import of it cannot be read.
 */
export async function bundleDagFile(path: string): Promise<BundledFile> {
  const file = resolve(path)
  await requireFile(file)
  try {
    const { output, modules } = await build(file)
    const { code, sourceMap } = chunkOf(output)
    return { bundle: { hash: hashOf(code), code, sourceMap }, modules }
  } catch (error) {
    throw new BundleRejected(describeBuildError(error, dirname(file)))
  }
}

async function requireFile(file: string): Promise<void> {
  try {
    await access(file)
  } catch {
    throw new BundleRejected({
      type: "MissingFile",
      message: `${basename(file)}: there is no such file in ${dirname(file)}`,
      stack: null,
    })
  }
}

async function build(
  file: string,
): Promise<{ readonly output: RolldownOutput; readonly modules: readonly string[] }> {
  const folder = dirname(file)
  const unresolved: unknown[] = []
  // Without this, a package that is not installed would only fail when a host loads the bundle.
  const onLog: InputOptions["onLog"] = (_level, log) => {
    if (isUnresolved(log)) unresolved.push(log)
  }
  const bundler = await rolldown({
    input: file,
    cwd: folder,
    platform: "node",
    external,
    resolve: { conditionNames: [...conditionNames, "node", "import", "default"] },
    // Debug comments hold paths, which would make the hash depend on the folder.
    experimental: { attachDebugInfo: "none" },
    onLog,
  })
  try {
    const output = await bundler.generate({
      dir: folder,
      format: "esm",
      sourcemap: "hidden",
      comments: false,
      codeSplitting: false,
    })
    if (unresolved.length > 0) throw unresolved[0]
    // Not the chunk's own list: a module of which only constants were taken is not in it.
    const read = await bundler.watchFiles
    return { output, modules: read.filter((path) => isAbsolute(path)) }
  } finally {
    await bundler.close()
  }
}

function chunkOf({ output }: RolldownOutput): { code: string; sourceMap: string | null } {
  const chunk: OutputChunk = output[0]
  return { code: chunk.code, sourceMap: chunk.map?.toString() ?? null }
}

/** Of the code alone: an edit of comments is no new version. */
function hashOf(code: string): string {
  return createHash("sha256").update(code).digest("hex")
}
