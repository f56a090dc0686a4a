import type { HeldLeases } from "../lease-store.ts"
import type { ExpansionRecord } from "./state.ts"

/** What a claim goes by. */
interface Turn {
  readonly held: readonly HeldLeases[]
  /** The expansion that was served last. */
  readonly after: string | null
}

/**
 * By priority; among equals each DAG gets as many leases as any other, within it each run, within that each expansion, what the
 * worker holds already included. What is left equal takes turns: those after the one that was served last come first.
 */
export function inFairOrder(
  expansions: readonly ExpansionRecord[],
  state: { readonly expansions: ReadonlyMap<string, ExpansionRecord> },
  { held, after }: Turn,
): ExpansionRecord[] {
  const served = after === null ? -1 : Number(after)
  const round = (expansion: ExpansionRecord) => (expansion.order > served ? 0 : 1)
  const inRound = expansions.toSorted((a, b) => round(a) - round(b) || a.order - b.order)
  const holders = held.flatMap(({ expansionId, leases }): Holder[] => {
    const expansion = state.expansions.get(expansionId)
    return expansion === undefined ? [] : [{ expansion, leases }]
  })
  const urgent = Map.groupBy(inRound, ({ priority }) => priority)
  const byUrgency = [...urgent].toSorted(([a], [b]) => b - a)
  return byUrgency.flatMap(([, equals]) => shareEqually(equals, holders))
}

interface Holder {
  readonly expansion: ExpansionRecord
  readonly leases: number
}

/** From the smallest that shares to the largest. */
const levels: readonly ((expansion: ExpansionRecord) => unknown)[] = [
  (expansion) => expansion,
  ({ run }) => run,
  ({ run }) => run.dagId,
]

/** Orders what is equally urgent; it comes in the order of its turns. */
function shareEqually(
  inRound: readonly ExpansionRecord[],
  holders: readonly Holder[],
): readonly ExpansionRecord[] {
  const turns = new Map(inRound.map((expansion, turn) => [expansion, turn]))
  const turnOf = (expansion: ExpansionRecord) => turns.get(expansion) ?? 0
  return levels.reduce((ordered, level) => {
    const shares = sharesOf(ordered, level, holders)
    const shareOf = (expansion: ExpansionRecord) => shares.get(expansion) ?? 0
    return ordered.toSorted((a, b) => shareOf(a) - shareOf(b) || turnOf(a) - turnOf(b))
  }, inRound)
}

/** How many leases what an expansion belongs to would hold with one of its own, if all before it in this order got one. */
function sharesOf(
  ordered: readonly ExpansionRecord[],
  level: (expansion: ExpansionRecord) => unknown,
  holders: readonly Holder[],
): Map<ExpansionRecord, number> {
  const held = new Map<unknown, number>()
  const add = (of: unknown, leases: number) => {
    const sum = (held.get(of) ?? 0) + leases
    held.set(of, sum)
    return sum
  }
  for (const { expansion, leases } of holders) add(level(expansion), leases)
  return new Map(ordered.map((expansion) => [expansion, add(level(expansion), 1)]))
}
