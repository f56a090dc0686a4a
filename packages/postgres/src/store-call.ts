import { Effect } from "effect"
import type { LeaseLost, StoreError } from "@sluice/core/store"
import { AlreadyExists, NotFound, StoreFailure, StoreUnavailable } from "@sluice/core/store"
import type { Client, Sql } from "./client.ts"
import { DatabaseUnavailable } from "./errors.ts"

/** Runs a statement and maps the driver's errors to the port's. */
export function call<A>(
  client: Client,
  operation: string,
  use: (sql: Sql) => Promise<A>,
): Effect.Effect<A, StoreError> {
  return Effect.tryPromise({
    try: () => client.run(operation, use),
    catch: (error) => toStoreError(operation, error),
  })
}

function toStoreError(operation: string, error: unknown): StoreError {
  const message = error instanceof Error ? error.message : String(error)
  return error instanceof DatabaseUnavailable
    ? new StoreUnavailable({ operation, message, cause: error })
    : failure(operation, message, error)
}

/** A refusal of the database: a bug of ours, or a broken schema. */
export function failure(operation: string, message: string, cause?: unknown): StoreFailure {
  return new StoreFailure({ operation, message, cause })
}

/** Makes a row that is not there the failure `NotFound`. */
export function orNotFound(what: string, id: string) {
  return <A>(effect: Effect.Effect<A | null, StoreError>): Effect.Effect<A, NotFound | StoreError> =>
    Effect.flatMap(effect, (value) =>
      value === null ? Effect.fail(new NotFound({ what, id })) : Effect.succeed(value),
    )
}

/** Makes a statement that changed nothing the failure that the right was lost. */
export function orLost(error: LeaseLost) {
  return (effect: Effect.Effect<boolean, StoreError>): Effect.Effect<void, LeaseLost | StoreError> =>
    Effect.flatMap(effect, (held) => (held ? Effect.void : Effect.fail(error)))
}

/** Makes a row that could not be made, for its name is taken, the failure `AlreadyExists`. */
export function orTaken(what: string, id: string) {
  return <A, E>(effect: Effect.Effect<A | null, E>): Effect.Effect<A, AlreadyExists | E> =>
    Effect.flatMap(effect, (row) =>
      row === null ? Effect.fail(new AlreadyExists({ what, id })) : Effect.succeed(row),
    )
}
