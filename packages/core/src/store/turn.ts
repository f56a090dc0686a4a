import { Context, Effect } from "effect"

/** One turn of a loop that is observed. */
interface Turn {
  /** How long it has waited for something to do. */
  waitedMs: number
}

/** The turn that an effect is part of; null: nobody observes it. */
export const CurrentTurn = Context.Reference<Turn | null>("@sluice/core/store/CurrentTurn", {
  defaultValue: () => null,
})

/** Marks a wait for something to do: it does not count as time that the turn takes. */
export function idly<A, E, R>(wait: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
  return Effect.flatMap(CurrentTurn, (turn) => {
    if (turn === null) return wait
    const startedAt = performance.now()
    return Effect.ensuring(
      apart(wait),
      Effect.sync(() => {
        turn.waitedMs += performance.now() - startedAt
      }),
    )
  })
}

/** Runs an effect as part of no turn: it goes on beside the turn that began it. */
export function apart<A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
  return Effect.provideService(work, CurrentTurn, null)
}
