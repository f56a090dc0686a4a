import type { Json } from "../json.ts"
import { hiddenValue } from "./sensitive-names.ts"

/** Shorter texts are not looked for: they would be found in everything. */
export const maskedLengthMin = 5

/** The most texts that are looked for; the oldest are forgotten. */
export const maskedTextsMax = 10_000

/** Finds secrets in texts, and hides them. */
export interface Masker {
  /** Hides these from now on. */
  readonly add: (secrets: readonly string[]) => void
  readonly hasAny: () => boolean
  readonly text: (text: string) => string
  /** In every text of a value, names of fields included. */
  readonly value: <A extends Json>(value: A) => A
}

/** Makes a masker that knows no secret yet. */
export function makeMasker(): Masker {
  const secrets = new Set<string>()
  let pattern: RegExp | null = null
  const patternOf = () => {
    // The longest first: of two secrets one may begin like the other.
    const longest = [...secrets].sort((a, b) => b.length - a.length)
    return new RegExp(
      longest.map((secret) => secret.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)).join("|"),
      "g",
    )
  }
  const hide = (text: string): string =>
    secrets.size === 0 ? text : text.replaceAll((pattern ??= patternOf()), hiddenValue)
  const hideIn = (value: Json): Json => {
    if (typeof value === "string") return hide(value)
    if (Array.isArray(value)) return value.map(hideIn)
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [hide(name), hideIn(inner)]))
  }
  return {
    add: (texts) => {
      for (const text of texts) {
        if (text.length < maskedLengthMin || secrets.has(text)) continue
        secrets.add(text)
        const oldest = secrets.values().next()
        if (secrets.size > maskedTextsMax && oldest.done !== true) secrets.delete(oldest.value)
        pattern = null
      }
    },
    hasAny: () => secrets.size > 0,
    text: hide,
    value: (value) => (secrets.size === 0 ? value : (hideIn(value) as typeof value)),
  }
}
