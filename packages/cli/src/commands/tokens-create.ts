import { identityNameLengthMax, type UserRole } from "@sluice/core/store"
import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { readName, roleOption } from "../identities.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, wholeNumber } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface TokensCreateOptions extends DatabaseFlag, ActorFlag {
  readonly role: UserRole
  readonly expiresDays?: number
  readonly json?: boolean
}

const dayMs = 86_400_000
/** The longest that a token with an end may live. */
const expiresDaysMax = 36_500

/** `sluice tokens create`: a token for a program, shown once. */
export const tokensCreate = defineCommand<TokensCreateOptions>({
  path: "tokens create",
  arguments: [{ name: "<name>", description: "what uses it, for the list and the event log" }],
  summary: "make a token for a program that calls the API",
  details: "The token is shown once and kept only as a hash. It is sent as Authorization: Bearer <token>.",
  options: [
    roleOption,
    {
      flags: "--expires-days <n>",
      description: "how many days it is good for (default: until it is revoked)",
      parse: (text) => Math.min(wholeNumber("--expires-days", 1)(text), expiresDaysMax),
    },
    actorOption,
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice tokens create grafana", "sluice tokens create ci --role user --expires-days 90"],
  async run(context, options, [given = ""]) {
    const name = readName("token", given, identityNameLengthMax)
    const { hashApiToken, makeApiToken } = await import("@sluice/api")
    const token = makeApiToken()
    const { role, expiresDays } = options
    const expiresAt = expiresDays === undefined ? null : new Date(Date.now() + expiresDays * dayMs)
    const actor = actorOf(options, context.env)
    return withDatabase(context, options, async ({ store, call }) => {
      await call(store.createApiToken({ name, role, tokenHash: hashApiToken(token), expiresAt, actor }))
      const { out } = context
      if (options.json === true) await out.line(JSON.stringify({ name, role, expires_at: expiresAt, token }))
      else {
        await out.line(`created token ${name} with the role ${role}`)
        await out.line(`token, shown only now: ${token}`)
      }
      return exitCodes.success
    })
  },
})
