/** When a map will have ended, where that can be known. */
import type { Expansion } from "@sluice/api/wire"
import { endedOf } from "./history.ts"

/** What can be said of its end. */
export type Projection =
  | { readonly kind: "over" }
  /** More may come: nobody can know. */
  | { readonly kind: "unknown"; readonly why: string }
  | { readonly kind: "in"; readonly ms: number }

/** Says when a map will have ended at the rate at which its instances end. */
export function projectionOf(expansion: Expansion, endedPerSecond: number | null): Projection {
  if (expansion.end_date !== null) return { kind: "over" }
  if (!expansion.exhausted) return { kind: "unknown", why: "the source goes on" }
  if (expansion.is_running_paused) return { kind: "unknown", why: "it is paused" }
  const left = expansion.discovered - endedOf(expansion)
  if (left <= 0) return { kind: "in", ms: 0 }
  if (endedPerSecond === null || endedPerSecond <= 0) return { kind: "unknown", why: "nothing ends just now" }
  return { kind: "in", ms: (left / endedPerSecond) * 1_000 }
}
