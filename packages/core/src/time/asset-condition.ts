/** On which assets a DAG's runs wait, by their names: for one, for all of several, for any of several. */
export type AssetCondition =
  | { readonly asset: string }
  | { readonly all: readonly AssetCondition[] }
  | { readonly any: readonly AssetCondition[] }

/** Whether a condition holds once these assets have had events. */
export function isSatisfied(condition: AssetCondition, had: ReadonlySet<string>): boolean {
  if ("asset" in condition) return had.has(condition.asset)
  return "all" in condition
    ? condition.all.every((part) => isSatisfied(part, had))
    : condition.any.some((part) => isSatisfied(part, had))
}

/** The names of the assets of a condition, each once, in its order. */
export function namesOf(condition: AssetCondition): readonly string[] {
  if ("asset" in condition) return [condition.asset]
  const parts = "all" in condition ? condition.all : condition.any
  return [...new Set(parts.flatMap(namesOf))]
}

/** Joins two conditions; what is joined in the same way already stays flat. */
export function joined(kind: "all" | "any", a: AssetCondition, b: AssetCondition): AssetCondition {
  const partsOf = (one: AssetCondition): readonly AssetCondition[] => {
    if (kind === "all" && "all" in one) return one.all
    if (kind === "any" && "any" in one) return one.any
    return [one]
  }
  const parts = [...partsOf(a), ...partsOf(b)]
  return kind === "all" ? { all: parts } : { any: parts }
}

/** Writes a condition for people: `orders & (users | prices)`. */
export function describeCondition(condition: AssetCondition): string {
  if ("asset" in condition) return condition.asset
  const [parts, sign] = "all" in condition ? [condition.all, " & "] : [condition.any, " | "]
  return parts.map((part) => ("asset" in part ? part.asset : `(${describeCondition(part)})`)).join(sign)
}
