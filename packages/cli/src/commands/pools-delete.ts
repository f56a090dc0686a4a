import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes, Problem } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

type PoolsDeleteOptions = DatabaseFlag & ActorFlag & { readonly json?: boolean }

/** `sluice pools delete`: takes a pool away. */
export const poolsDelete = defineCommand<PoolsDeleteOptions>({
  path: "pools delete",
  arguments: [{ name: "<pool>", description: "the pool's name" }],
  summary: "delete a pool that no unfinished run uses",
  options: [actorOption, jsonOption, databaseUrlOption],
  examples: ["sluice pools delete crm_api"],
  run: (context, options, [name = ""]) =>
    withDatabase(context, options, async ({ store, call }) => {
      const done = await call(store.deletePool({ name, actor: actorOf(options, context.env) }))
      if (done !== "deleted") throw new Problem(refusals[done](name))
      await context.out.line(
        options.json === true ? JSON.stringify({ name, is_deleted: true }) : `deleted the pool ${name}`,
      )
      return exitCodes.success
    }),
})

const refusals = {
  unknown: (name: string) => `the pool "${name}" does not exist; sluice pools list shows those that do`,
  default: () => "the default pool cannot be deleted: tasks that name no pool are in it",
  in_use: (name: string) => `a task of an unfinished run is in the pool "${name}"; wait for its end`,
}
