import type { FinalExpansionState } from "./expansion.ts"

/** How the instances of an expansion ended, and whether its stream did. */
export interface ExpansionCounts {
  readonly created: number
  readonly success: number
  readonly failed: number
  readonly skipped: number
  readonly upstreamFailed: number
  readonly exhausted: boolean
  /** How the stream failed: in this task's own pipeline, in a source above it, or not at all. */
  readonly streamFailure: "own" | "upstream" | null
}

/**
 * Says how an expansion ended, or `null` while it has not.
 *
 * The worst instance decides. A map over an empty stream is `skipped`, as in Airflow: nothing was there to do. A
 * stream that broke never makes a success of the part that came before.
 */
export function decideExpansion(counts: ExpansionCounts): FinalExpansionState | null {
  const { created, success, failed, skipped, upstreamFailed } = counts
  if (!counts.exhausted || success + failed + skipped + upstreamFailed < created) return null
  if (failed > 0 || counts.streamFailure === "own") return "failed"
  if (upstreamFailed > 0 || counts.streamFailure === "upstream") return "upstream_failed"
  return success > 0 ? "success" : "skipped"
}
