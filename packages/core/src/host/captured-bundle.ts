import { createHash } from "node:crypto"
import type { SerializedDag } from "../dag/serialized-dag.ts"
import { structureOf } from "../dag/structure.ts"
import type { Bundle, CapturedValues } from "./host-pool.ts"

/** The most values that one DAG file may capture. */
export const capturedValuesMax = 1_000

/** The most bytes that the captured values of one DAG file may take together, as JSON. */
export const capturedBytesMax = 1_048_576

/** Stands in a bundle's hash between that of the code and that of what was captured. */
const separator = "."

/** Gives a bundle with what its file captured; the same code that captured the same has the same hash. */
export function withCaptured(bundle: Bundle, values: CapturedValues): Bundle {
  const names = Object.keys(values).toSorted()
  if (names.length === 0) return bundle
  const captured = Object.fromEntries(names.map((name) => [name, values[name] ?? ""]))
  const hash = createHash("sha256").update(JSON.stringify(captured)).digest("hex")
  return { ...bundle, hash: `${codeHashOf(bundle.hash)}${separator}${hash}`, captured }
}

/** The hash of a bundle's code alone, by that of the bundle. */
export function codeHashOf(bundleHash: string): string {
  const [codeHash = ""] = bundleHash.split(separator)
  return codeHash
}

/** Names the structure of a DAG: two that differ in it have different names. */
export function structureHash(dag: SerializedDag): string {
  return createHash("sha256").update(structureOf(dag)).digest("hex")
}
