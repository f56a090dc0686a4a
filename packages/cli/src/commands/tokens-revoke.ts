import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { unknown } from "../identities.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface TokensRevokeOptions extends DatabaseFlag, ActorFlag {
  readonly json?: boolean
}

/** `sluice tokens revoke`: makes a token worthless. */
export const tokensRevoke = defineCommand<TokensRevokeOptions>({
  path: "tokens revoke",
  arguments: [{ name: "<name>", description: "the token's name" }],
  summary: "make a token worthless, within a second",
  options: [actorOption, jsonOption, databaseUrlOption],
  examples: ["sluice tokens revoke grafana"],
  run: (context, options, [name = ""]) =>
    withDatabase(context, options, async ({ store, call }) => {
      const actor = actorOf(options, context.env)
      if (!(await call(store.revokeApiToken({ name, actor })))) throw unknown("token", name)
      await context.out.line(options.json === true ? JSON.stringify({ name }) : `revoked token ${name}`)
      return exitCodes.success
    }),
})
