// A registered symbol, so that a gap is known as one even when a bundle carries its own copy of this module.
const gapBrand = Symbol.for("sluice.gap")

/**
 * The place of an upstream instance that left no value: it failed, or it was skipped.
 *
 * A gap keeps its index: operators pass it on instead of calling user code, so that the totals of a chain of maps
 * always add up. `state` is what an instance made from this place ends as. `index` is that of the upstream instance, where
 * the gap came straight through: one that waited in a cursor, or stands for several, has none.
 */
export class Gap {
  readonly state: "upstream_failed" | "skipped"
  readonly index: number | null
  constructor(state: "upstream_failed" | "skipped", index: number | null = null) {
    this.state = state
    this.index = index
  }
}
Object.defineProperty(Gap.prototype, gapBrand, { value: true })

/** Says whether an item is a gap, made by any copy of this module. */
export function isGap(item: unknown): item is Gap {
  return typeof item === "object" && item !== null && (item as { [gapBrand]?: true })[gapBrand] === true
}

/** Gives the one gap that stands for several items taken together, or null when none of them is a gap. */
export function gapAmong(items: readonly unknown[]): Gap | null {
  let found: Gap | null = null
  for (const item of items) {
    if (!isGap(item)) continue
    if (item.state === "upstream_failed") return item
    found = item
  }
  return found
}
