import { Effect } from "effect"
import type { StoreError } from "../store/errors.ts"
import type { Leadership } from "../store/planner-store.ts"
import type { StoreService } from "../store/store.ts"
import { idly } from "../store/turn.ts"

/** How long one leads without a word: so long nobody does the work of a leader that was killed. */
const leadSeconds = 10
/** How long giving the lead back may take when the engine stops. */
const resignMsMax = 2_000

/** How often the lead is taken anew, or asked for. */
export const leadRenewMs = (leadSeconds * 1000) / 3

/** One of those who may lead in a role. */
export interface Contender {
  /** Does this in the lead; who does not have it waits for a while instead. */
  readonly whileLeading: <E>(
    work: (leadership: Leadership) => Effect.Effect<void, E>,
  ) => Effect.Effect<void, E | StoreError>
  /** Gives the lead back, if it has it, so that another need not wait. */
  readonly resign: Effect.Effect<void>
}

/** Makes one that contends for the lead in a role, under a name of its own. */
export function makeContender(store: StoreService, role: string, name: string): Contender {
  let epoch: number | null = null
  const resign = Effect.suspend(() =>
    epoch === null ? Effect.void : store.resign({ role, holder: name, epoch }),
  )
  return {
    whileLeading: (work) =>
      Effect.gen(function* () {
        epoch = yield* store.lead({ role, holder: name, leaseSeconds: leadSeconds })
        if (epoch === null) return yield* idly(Effect.sleep(leadRenewMs))
        yield* work({ role, holder: name, epoch })
      }),
    resign: Effect.ignore(Effect.timeoutOption(resign, resignMsMax)),
  }
}
