import { z } from "@hono/zod-openapi"
import { type PoolRow, type PoolSettings, poolDescriptionLengthMax, poolSlotsMax } from "@sluice/core/store"
import { textOrNone } from "./text.ts"

/** No limit, as Airflow writes it. */
const unlimited = -1

/** How many slots, as a client gives them. */
export const slotsInput = z.int().min(unlimited).max(poolSlotsMax)

/** A pool's description, as a client gives it; empty is none. */
export const descriptionInput = textOrNone(poolDescriptionLengthMax).nullable()

/** A pool, and what takes its slots. */
export const poolSchema = z
  .object({
    name: z.string(),
    slots: z.int().min(unlimited),
    description: z.string().nullable(),
    include_deferred: z.boolean(),
    occupied_slots: z.int(),
    running_slots: z.int(),
    queued_slots: z.int(),
    scheduled_slots: z.int(),
    open_slots: z.int(),
    deferred_slots: z.int(),
    team_name: z.string().nullable(),
  })
  .openapi("PoolResponse")

/** A list of pools. */
export const poolsSchema = z
  .object({ pools: z.array(poolSchema), total_entries: z.int() })
  .openapi("PoolCollectionResponse")

/** Slots as the store has them. */
export function slotsOf(slots: number): PoolSettings["slots"] {
  return slots === unlimited ? null : slots
}

/** The wire's form of a pool. Nothing is queued: what waits is scheduled until a worker takes it. */
export function toPool(row: PoolRow): z.infer<typeof poolSchema> {
  const { name, slots, description, includeDeferred, running, deferred, waiting } = row
  const occupied = running + (includeDeferred ? deferred : 0)
  return {
    name,
    slots: slots ?? unlimited,
    description,
    include_deferred: includeDeferred,
    occupied_slots: occupied,
    running_slots: running,
    queued_slots: 0,
    scheduled_slots: waiting,
    // As in Airflow, below 0 while more is taken than a pool that was made smaller has.
    open_slots: slots === null ? unlimited : slots - occupied,
    deferred_slots: deferred,
    team_name: null,
  }
}
