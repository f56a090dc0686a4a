import { Effect } from "effect"

/** Runs an effect that needs nothing; rejects with its failure. */
export const runEffect: <A, E>(effect: Effect.Effect<A, E>) => Promise<A> = Effect.runPromise

/** Runs an effect that is expected to fail; gives back its failure. */
export function failureOf<A, E>(effect: Effect.Effect<A, E>): Promise<E> {
  return Effect.runPromise(Effect.flip(effect))
}
