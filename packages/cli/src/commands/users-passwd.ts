import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { passwordStdinOption, readPassword, unknown } from "../identities.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface UsersPasswdOptions extends DatabaseFlag, ActorFlag {
  readonly passwordStdin?: boolean
  readonly json?: boolean
}

/** `sluice users passwd`: gives a user a new password. */
export const usersPasswd = defineCommand<UsersPasswdOptions>({
  path: "users passwd",
  arguments: [{ name: "<name>", description: "the user" }],
  summary: "give a user a new password",
  details: "Whoever is signed in with the old one is signed out within a second.",
  options: [passwordStdinOption, actorOption, jsonOption, databaseUrlOption],
  examples: ["sluice users passwd ada", "pass show sluice | sluice users passwd ada --password-stdin"],
  async run(context, options, [username = ""]) {
    const { hashPassword, makePassword, passwordLengthMax, passwordLengthMin } = await import("@sluice/api")
    const made = options.passwordStdin === true ? null : makePassword()
    const bounds = { min: passwordLengthMin, max: passwordLengthMax }
    const passwordHash = await hashPassword(made ?? (await readPassword(process.stdin, bounds)))
    const actor = actorOf(options, context.env)
    return withDatabase(context, options, async ({ store, call }) => {
      if (!(await call(store.setPassword({ username, passwordHash, actor })))) throw unknown("user", username)
      const { out } = context
      if (options.json === true)
        await out.line(JSON.stringify({ username, ...(made !== null && { password: made }) }))
      else {
        await out.line(`${username} has a new password`)
        if (made !== null) await out.line(`password, shown only now: ${made}`)
      }
      return exitCodes.success
    })
  },
})
