import type { Effect } from "effect"
import type { OrderBy, Range, Slice } from "./catalog-store.ts"
import type { EventRow } from "./control-store.ts"
import type { NotFound, StoreError } from "./errors.ts"

/** What events can be ordered by; the number decides between equals. Those without a value come last. */
export const eventOrders = ["id", "at", "dag_id", "run_id", "task_id", "event", "actor"] as const

/** Which events. Patterns are SQL's `like` without regard to case; of several, one has to fit. */
export interface EventFilter {
  readonly dagId?: string
  readonly runId?: string
  readonly taskId?: string
  readonly mapIndex?: number
  readonly actor?: string
  readonly events?: readonly string[]
  readonly exceptEvents?: readonly string[]
  readonly dagIdPatterns?: readonly string[]
  readonly runIdPatterns?: readonly string[]
  readonly taskIdPatterns?: readonly string[]
  readonly actorPatterns?: readonly string[]
  readonly eventPatterns?: readonly string[]
  readonly at?: Range<Date>
}

/** The event log, for people and programs. Every `limit` ≤ 1000. */
export interface EventStore {
  readonly event: (id: string) => Effect.Effect<EventRow, NotFound | StoreError>
  /** Events, counted: costs O(events that fit), which are what was done by hand or by a limit, never instances. */
  readonly searchEvents: (options: {
    filter: EventFilter
    orderBy: readonly OrderBy<(typeof eventOrders)[number]>[]
    skip: number
    limit: number
  }) => Effect.Effect<Slice<EventRow>, StoreError>
  /** Events by keyset, after (or before) a number; not counted. */
  readonly pageEvents: (options: {
    filter: EventFilter
    isDescending: boolean
    after: string | null
    limit: number
  }) => Effect.Effect<readonly EventRow[], StoreError>
}
