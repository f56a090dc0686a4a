import { z } from "@hono/zod-openapi"
import { ApiError, toApiError } from "../problem.ts"
import { orNull } from "../wire/text.ts"

const onExistence = z.enum(["fail", "skip", "overwrite"]).default("fail").openapi("BulkActionOnExistence")
const onNonExistence = z.enum(["fail", "skip"]).default("fail").openapi("BulkActionNotOnExistence")

/** The most entities of one action. */
const entitiesMax = 10_000

/** The body of a change of many things of one kind at once. */
export function bulkBody<S extends z.ZodType>(entity: S, kind: string) {
  const entities = z.array(entity).max(entitiesMax)
  const action = z.discriminatedUnion("action", [
    z
      .strictObject({ action: z.literal("create"), entities, action_on_existence: onExistence })
      .openapi(`BulkCreateAction_${kind}_`),
    z
      .strictObject({
        action: z.literal("update"),
        entities,
        update_mask: z.array(z.string()).nullish(),
        action_on_non_existence: onNonExistence,
      })
      .openapi(`BulkUpdateAction_${kind}_`),
    z
      .strictObject({
        action: z.literal("delete"),
        entities: z.array(z.union([z.string(), entity])).max(entitiesMax),
        action_on_non_existence: onNonExistence,
      })
      .openapi(`BulkDeleteAction_${kind}_`),
  ])
  return z.strictObject({ actions: z.array(action).max(100) }).openapi(`BulkBody_${kind}_`)
}

const outcomeSchema = z
  .object({ success: z.array(z.string()), errors: z.array(z.record(z.string(), z.unknown())) })
  .openapi("BulkActionResponse")

/** What became of each action; null: it was not asked for. */
export const bulkSchema = z
  .object({
    create: orNull(outcomeSchema),
    update: orNull(outcomeSchema),
    delete: orNull(outcomeSchema),
  })
  .openapi("BulkResponse")

/** An action as it came. */
interface BulkAction<Entity> {
  readonly action: "create" | "update" | "delete"
  readonly entities: readonly (string | Entity)[]
  readonly update_mask?: readonly string[] | null | undefined
  readonly action_on_existence?: "fail" | "skip" | "overwrite"
  readonly action_on_non_existence?: "fail" | "skip"
}

/** How one thing is made, changed and deleted. Each fails as its own route does. */
interface BulkVerbs<Entity> {
  readonly nameOf: (entity: Entity) => string
  readonly create: (entity: Entity) => Promise<unknown>
  readonly update: (entity: Entity, mask: readonly string[] | undefined) => Promise<unknown>
  readonly remove: (name: string) => Promise<unknown>
}

/** Does one action after the other, entity by entity: one that fails is told, and the others are done. */
export async function runBulk<Entity extends object>(
  actions: readonly BulkAction<Entity>[],
  verbs: BulkVerbs<Entity>,
): Promise<z.infer<typeof bulkSchema>> {
  const result: z.infer<typeof bulkSchema> = { create: null, update: null, delete: null }
  for (const action of actions) {
    const outcome = (result[action.action] ??= { success: [], errors: [] })
    for (const entity of action.entities) {
      const name = typeof entity === "string" ? entity : verbs.nameOf(entity)
      try {
        if (await act(action, entity, verbs)) outcome.success.push(name)
      } catch (error) {
        const told = toApiError(error)
        // A failure of ours is not an answer about one entity.
        if (told.status >= 500) throw error
        outcome.errors.push({ error: `${name}: ${told.message}`, status_code: told.status })
      }
    }
  }
  return result
}

/** Whether the entity was changed; false: it was to be passed over. */
async function act<Entity extends object>(
  action: BulkAction<Entity>,
  entity: string | Entity,
  { nameOf, create, update, remove }: BulkVerbs<Entity>,
): Promise<boolean> {
  if (action.action === "delete") {
    const name = typeof entity === "string" ? entity : nameOf(entity)
    return done(remove(name), action.action_on_non_existence === "skip" ? 404 : null)
  }
  if (typeof entity === "string") throw new ApiError(422, `"${entity}" came; expected an object`)
  if (action.action === "update")
    return done(
      update(entity, action.update_mask ?? undefined),
      action.action_on_non_existence === "skip" ? 404 : null,
    )
  if (action.action_on_existence !== "overwrite")
    return done(create(entity), action.action_on_existence === "skip" ? 409 : null)
  return (await done(create(entity), 409)) || done(update(entity, undefined), null)
}

/** Whether it was done; false: it failed with the status that may be passed over. */
async function done(attempt: Promise<unknown>, passed: number | null): Promise<boolean> {
  try {
    await attempt
    return true
  } catch (error) {
    if (passed !== null && toApiError(error).status === passed) return false
    throw error
  }
}
