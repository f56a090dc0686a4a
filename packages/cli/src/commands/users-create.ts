import { identityNameLengthMax, type UserRole } from "@sluice/core/store"
import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { passwordStdinOption, readName, readPassword, roleOption } from "../identities.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface UsersCreateOptions extends DatabaseFlag, ActorFlag {
  readonly role: UserRole
  readonly passwordStdin?: boolean
  readonly json?: boolean
}

/** `sluice users create`: lets someone sign in. */
export const usersCreate = defineCommand<UsersCreateOptions>({
  path: "users create",
  arguments: [{ name: "<name>", description: "the name to sign in with" }],
  summary: "let someone sign in to the API",
  options: [roleOption, passwordStdinOption, actorOption, jsonOption, databaseUrlOption],
  examples: [
    "sluice users create ada --role op",
    "pass show sluice | sluice users create ada --password-stdin",
  ],
  async run(context, options, [given = ""]) {
    const username = readName("user", given, identityNameLengthMax)
    const { hashPassword, makePassword, passwordLengthMax, passwordLengthMin } = await import("@sluice/api")
    const made = options.passwordStdin === true ? null : makePassword()
    const bounds = { min: passwordLengthMin, max: passwordLengthMax }
    const passwordHash = await hashPassword(made ?? (await readPassword(process.stdin, bounds)))
    const actor = actorOf(options, context.env)
    return withDatabase(context, options, async ({ store, call }) => {
      const user = await call(store.createUser({ username, role: options.role, passwordHash, actor }))
      const { out } = context
      if (options.json === true)
        await out.line(
          JSON.stringify({ username, role: user.role, ...(made !== null && { password: made }) }),
        )
      else {
        await out.line(`created user ${username} with the role ${user.role}`)
        if (made !== null) await out.line(`password, shown only now: ${made}`)
      }
      return exitCodes.success
    })
  },
})
