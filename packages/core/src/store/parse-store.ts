import type { Effect } from "effect"
import type { StoreError } from "./errors.ts"

/** Runs of a DAG file that wait for it to be parsed: one parse, that begins now, serves them all. */
export interface ParseRequest {
  /** The file's path below the folder. */
  readonly path: string
  /** The DAGs whose runs wait, in order. */
  readonly dagIds: readonly string[]
  /** The last of those runs: later ones wait for another parse. */
  readonly upTo: string
}

/** Runs that wait in `queued` until the file of their DAG has been parsed anew: the DAG processor's side of the store. */
export interface ParseStore {
  /**
   * Takes files of a folder that runs wait for, up to `limit`, those first whose turn was longest ago; nobody else is given
   * them for so long. Costs what waits, whatever there is.
   */
  readonly claimParses: (options: {
    folder: string
    processor: string
    claimSeconds: number
    limit: number
  }) => Effect.Effect<readonly ParseRequest[], StoreError>
  /** Gives the files of these DAGs back, as far as the processor still has them. */
  readonly releaseParses: (options: {
    processor: string
    dagIds: readonly string[]
  }) => Effect.Effect<void, StoreError>
  /**
   * Makes runs that wait, and were asked for no later than `upTo`, runs of these versions, with their tasks; says how many.
   * They start as their DAG has room, those of backfills at once. Wake `run` and `due` after it. `limit` ≤ 1000.
   */
  readonly attachRuns: (options: {
    versions: readonly { readonly dagId: string; readonly dagVersionId: string }[]
    upTo: string
    limit: number
  }) => Effect.Effect<number, StoreError>
  /**
   * Ends runs that wait, and were asked for no later than `upTo`, as failed; says how many. They can be resumed, and wait
   * for a parse again then. Wake `run` after it. `limit` ≤ 1000.
   */
  readonly failUnparsedRuns: (options: {
    dagIds: readonly string[]
    upTo: string
    note: string
    limit: number
  }) => Effect.Effect<number, StoreError>
}
