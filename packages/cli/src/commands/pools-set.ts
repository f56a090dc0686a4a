import type { PoolSettings } from "@sluice/core/store"
import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { limit, type None, orNull } from "../limit-option.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes, UsageProblem } from "../problem.ts"
import { poolHead, poolJson, poolLine } from "../view/pool-view.ts"
import { withDatabase } from "./with-database.ts"

interface PoolsSetOptions extends DatabaseFlag, ActorFlag {
  readonly slots?: number | None
  readonly includeDeferred?: boolean
  readonly description?: string
  readonly json?: boolean
}

/** The longest name of a pool, and the most slots: as the store has them, which the help need not load. */
const nameLengthMax = 250
const slotsMax = 1_000_000

/** `sluice pools set`: makes a pool, or changes it. */
export const poolsSet = defineCommand<PoolsSetOptions>({
  path: "pools set",
  arguments: [{ name: "<pool>", description: "the pool's name, as tasks have it" }],
  summary: "make a pool, or change what is given of it",
  details:
    "The instances of all tasks that name a pool share its slots, over all runs and DAGs. A change counts from the next " +
    "instance that starts: what runs goes on. 0 slots let nothing start. A task whose pool does not exist does not start.",
  options: [
    {
      flags: "--slots <n>",
      description: "slots that may be taken at once, or none for no limit; a new pool needs it",
      parse: limit("--slots", "none", { min: 0, max: slotsMax }),
    },
    { flags: "--include-deferred", description: "deferred instances keep their slots" },
    { flags: "--no-include-deferred", description: "deferred instances give their slots back" },
    { flags: "--description <text>", description: "what it is for" },
    actorOption,
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice pools set crm_api --slots 4", "sluice pools set crm_api --slots none"],
  run: (context, options, [name = ""]) => {
    if (name.length > nameLengthMax || !/\S/.test(name))
      throw new UsageProblem(`"${name}" cannot be the name of a pool`, {
        expected: `1 to ${nameLengthMax} characters`,
      })
    const change = changeOf(options)
    if (Object.keys(change).length === 0)
      throw new UsageProblem("nothing to set was given", {
        expected: "one of --slots, --include-deferred, --no-include-deferred, --description",
      })
    return withDatabase(context, options, async ({ store, call }) => {
      const [{ changePool, createPool }, { isTagged }] = await Promise.all([
        import("@sluice/core/engine"),
        import("@sluice/core/store"),
      ])
      const actor = actorOf(options, context.env)
      const changed = await call(changePool(store, { ...change, name, actor })).catch((error: unknown) => {
        if (isTagged(error, "NotFound")) return null
        throw error
      })
      const pool = changed ?? (await call(createPool(store, { ...newPool(name, change), name, actor })))
      const { out } = context
      const lines = [out.style("dim", poolHead), poolLine(pool)]
      for (const line of options.json === true ? [JSON.stringify(poolJson(pool))] : lines)
        await out.line(line)
      return exitCodes.success
    })
  },
})

function changeOf({ slots, includeDeferred, description }: PoolsSetOptions): Partial<PoolSettings> {
  return {
    ...(slots !== undefined && { slots: orNull(slots) }),
    ...(includeDeferred !== undefined && { includeDeferred }),
    ...(description !== undefined && { description: description === "" ? null : description }),
  }
}

function newPool(
  name: string,
  { slots, includeDeferred = false, description = null }: Partial<PoolSettings>,
): PoolSettings {
  if (slots !== undefined) return { slots, includeDeferred, description }
  throw new UsageProblem(`there is no pool "${name}" yet`, {
    expected: "--slots, to make it: a whole number, or none for no limit",
  })
}
