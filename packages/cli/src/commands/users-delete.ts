import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { unknown } from "../identities.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface UsersDeleteOptions extends DatabaseFlag, ActorFlag {
  readonly json?: boolean
}

/** `sluice users delete`: takes the right to sign in away. */
export const usersDelete = defineCommand<UsersDeleteOptions>({
  path: "users delete",
  arguments: [{ name: "<name>", description: "the user" }],
  summary: "remove a user",
  details: "Whoever is signed in as that user is signed out within a second.",
  options: [actorOption, jsonOption, databaseUrlOption],
  examples: ["sluice users delete ada"],
  run: (context, options, [username = ""]) =>
    withDatabase(context, options, async ({ store, call }) => {
      const actor = actorOf(options, context.env)
      if (!(await call(store.deleteUser({ username, actor })))) throw unknown("user", username)
      const told = options.json === true ? JSON.stringify({ username }) : `deleted user ${username}`
      await context.out.line(told)
      return exitCodes.success
    }),
})
