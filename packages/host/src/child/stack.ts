/** The folder in which bundles seem to lie: a `file:` URL, since other schemes lose source maps. Nothing is there. */
export const bundleRoot = "file:///sluice-bundle/"

/** Stands for a `..` in the path of a source, which a URL would swallow. */
export const upwards = "__up__"

// A source map's paths come out of Node as URLs or, mapped, as paths.
const bundlePath = /(?:file:\/\/)?\/sluice-bundle\/[^/]+\//g

/**
 * Keeps of a stack what the author wrote: the message and the frames in the DAG's own sources and what is bundled with
 * them, with paths relative to the DAG file.
 */
export function authorsStack(stack: string): string {
  const lines = stack.split("\n")
  const firstFrame = lines.findIndex((line) => isFrame(line))
  if (firstFrame === -1) return stack
  const frames = lines.slice(firstFrame).filter((line) => isFrame(line) && line.includes("/sluice-bundle/"))
  return [...lines.slice(0, firstFrame), ...frames]
    .join("\n")
    .replace(bundlePath, "")
    .replaceAll(upwards, "..")
}

function isFrame(line: string): boolean {
  return /^ {4}at /.test(line)
}
