import fc from "fast-check"
import {
  type Ending,
  type HeldLease,
  type History,
  cancel,
  claimTogether,
  commit,
  complete,
  completeLost,
  elapse,
  redrive,
  pause,
  fire,
  release,
  rescue,
  resume,
} from "./history.ts"
import type { RedrivableState } from "../../store/redrive-store.ts"
import { redrivableStates } from "../../store/redrive-store.ts"
import { runEffect } from "./run-effect.ts"

/** Something that somebody does to an expansion. `pick` chooses among what there is at that time. */
export type Step =
  | {
      readonly kind: "commit"
      readonly places: ("item" | "skipped" | "upstream_failed")[]
      readonly last: boolean
    }
  | { readonly kind: "claim"; readonly workers: number; readonly limit: number; readonly size: number }
  | { readonly kind: "complete"; readonly pick: number; readonly endings: Ending[] }
  | { readonly kind: "completeLost"; readonly pick: number }
  | { readonly kind: "release"; readonly pick: number; readonly split: boolean }
  | { readonly kind: "elapse"; readonly ms: number }
  | { readonly kind: "rescue" | "cancel" | "resume" }
  | { readonly kind: "pause"; readonly isPaused: boolean }
  | { readonly kind: "fold" | "fire"; readonly limit: number }
  | { readonly kind: "redrive"; readonly states: RedrivableState[]; readonly below: number }

const pick = fc.nat({ max: 30 })

const place = fc.oneof(
  { weight: 5, arbitrary: fc.constant("item" as const) },
  { weight: 1, arbitrary: fc.constantFrom("skipped" as const, "upstream_failed" as const) },
)

const endings = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Ending>("success") },
    { weight: 2, arbitrary: fc.constantFrom<Ending>("failed", "skipped") },
    // Retries and what is left of their leases are where ranges meet: they are tried most.
    { weight: 5, arbitrary: fc.constantFrom<Ending>("up_for_retry", "deferred", "running") },
  ),
  { minLength: 1, maxLength: 5 },
)

const kind = <K extends string>(name: K) => fc.constant(name)

/** Times that stay clear of the moment when a lease expires, however slow the store is. */
const pauses = fc.constantFrom(10_500, 31_500)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kind("commit"),
      places: fc.array(place, { maxLength: 6 }),
      last: fc.nat({ max: 7 }).map((n) => n === 0),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: kind("claim"),
      workers: fc.integer({ min: 1, max: 3 }),
      limit: fc.integer({ min: 1, max: 4 }),
      size: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 7, arbitrary: fc.record({ kind: kind("complete"), pick, endings }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("completeLost"), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("release"), pick, split: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("elapse"), ms: pauses }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("rescue") }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("fold"), limit: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind("redrive"),
      states: fc.subarray<RedrivableState>([...redrivableStates], { minLength: 1 }),
      below: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind("fire"), limit: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("cancel" as const, "resume" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("pause"), isPaused: fc.boolean() }) },
)

/** Histories of up to thirty steps. */
export const steps: fc.Arbitrary<Step[]> = fc.array(step, { maxLength: 30, size: "max" })

/** Does one step, to the store and to what is known of it. */
export async function applyStep(history: History, step: Step): Promise<void> {
  switch (step.kind) {
    case "commit":
      return commit(history, step.places, step.last)
    case "claim":
      return void (await claimTogether(history, step))
    case "complete":
      return withPicked([...history.live.values()], step.pick, (held) =>
        complete(history, held, step.endings),
      )
    case "completeLost":
      return withPicked(history.lost, step.pick, (held) => completeLost(history, held))
    case "release":
      return withPicked([...history.live.values()], step.pick, (held) => release(history, held, step.split))
    case "elapse":
      return elapse(history, step.ms)
    case "rescue":
      return rescue(history)
    case "cancel":
      return cancel(history)
    case "resume":
      return resume(history)
    case "redrive":
      return redrive(history, step)
    case "pause":
      return pause(history, step.isPaused)
    case "fire":
      return fire(history, step.limit)
    case "fold":
      return void (await runEffect(history.world.store.fold({ expansionIds: null, limit: step.limit })))
  }
}

async function withPicked(
  from: readonly HeldLease[],
  pick: number,
  use: (held: HeldLease) => Promise<void>,
): Promise<void> {
  const held = from[pick % Math.max(1, from.length)]
  if (held !== undefined) await use(held)
}
