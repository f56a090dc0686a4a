import { registerHooks } from "node:module"
import type { Bundle } from "../port.ts"
import { bundleRoot, upwards } from "./stack.ts"

/** Bundles by the URL under which they are imported. */
const bundles = new Map<string, Bundle>()

/** Imports a bundle from its text, as if it were a file. Each bundle is evaluated once. */
export async function importBundle(bundle: Bundle): Promise<Record<string, unknown>> {
  const url = `${bundleRoot}${encodeURIComponent(bundle.hash)}/bundle.mjs`
  bundles.set(url, bundle)
  return (await import(url)) as Record<string, unknown>
}

/** Teaches Node's module loader about bundles. Call once, before the first import. */
export function installBundleLoader(): void {
  process.setSourceMapsEnabled(true)
  registerHooks({
    resolve(specifier, context, next) {
      if (bundles.has(specifier)) return { url: specifier, shortCircuit: true }
      const own = context.parentURL?.startsWith(bundleRoot) ? ownModule(specifier) : null
      return own === null ? next(specifier, context) : { url: import.meta.resolve(own), shortCircuit: true }
    },
    load(url, context, next) {
      const bundle = bundles.get(url)
      if (bundle === undefined) return next(url, context)
      return { format: "module", source: bundle.code + inlineMap(bundle), shortCircuit: true }
    },
  })
}

/** What a bundle must share with its host, so that both mean the same classes: the authoring API. */
function ownModule(specifier: string): string | null {
  if (specifier === "sluice") return "@sluice/core"
  return specifier === "@sluice/core" || specifier.startsWith("@sluice/core/") ? specifier : null
}

function inlineMap(bundle: Bundle): string {
  if (bundle.sourceMap === null) return ""
  const map = JSON.parse(bundle.sourceMap) as { sources: string[] }
  map.sources = map.sources.map((source) => source.replaceAll("../", `${upwards}/`))
  const base64 = Buffer.from(JSON.stringify(map)).toString("base64")
  return `\n//# sourceMappingURL=data:application/json;base64,${base64}\n`
}
