import type { TriggerEnd } from "../../host/host-pool.ts"
import type { SimulatedHost } from "./simulated-host.ts"

/** The arguments of the one user-defined trigger of a simulated DAG. */
export interface Nap {
  readonly ms: number
  /** What comes of it: a value as its event, an end without one, or an error. */
  readonly comes: "event" | "nothing" | "error" | "late"
  readonly event: number
}

/** How long a trigger under suspicion runs alone, in virtual milliseconds. */
const trialMs = 1_000

/** Waits in a host, and ends as it is told. */
export async function runNap(
  host: SimulatedHost,
  { ms, comes, event }: Nap,
  { isTrial, signal }: { readonly isTrial: boolean; readonly signal: AbortSignal },
): Promise<TriggerEnd> {
  try {
    await host.sleep(isTrial ? Math.min(ms, trialMs) : ms, signal)
  } catch {
    return { kind: "ended" }
  }
  if (isTrial && ms > trialMs) return { kind: "tried" }
  if (comes === "event" || comes === "late") return { kind: "event", value: JSON.stringify(event) }
  if (comes === "nothing") return { kind: "ended" }
  return { kind: "failed", error: { type: "Error", message: "no event", stack: null }, isFinal: false }
}
