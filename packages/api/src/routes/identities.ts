/** Who may sign in, and the tokens of programs. A password or a token that is made here is told once, in the answer. */
import { z } from "@hono/zod-openapi"
import { identityNameLengthMax, type ApiTokenRow, type UserRow, userRoles } from "@sluice/core/store"
import { Effect } from "effect"
import { actorOf } from "../auth/actor.ts"
import { hashPassword, passwordLengthMax, passwordLengthMin } from "../auth/passwords.ts"
import { hashApiToken, makeApiToken, makePassword } from "../auth/secrets.ts"
import { endpoint, makeRouter } from "../endpoint.ts"
import { ApiError, httpExceptionSchema, notFound } from "../problem.ts"
import { instant, instantOf } from "../wire/instant.ts"
import { keysetLimit } from "../wire/query.ts"
import { json, jsonBody, text } from "../wire/text.ts"

/** The most users or tokens that one answer has. */
const listMax = 1_000

/** The longest that a token may be good for, and how long a day is. */
const expiresDaysMax = 36_500
const dayMs = 86_400_000

const taken = json("The name is taken.", httpExceptionSchema)
const listQuery = z.object({
  after: text(identityNameLengthMax).optional(),
  limit: keysetLimit(listMax),
})

/** A name that is readable where it stands: in logs, tables and addresses. The same as on the command line. */
const nameInput = text(identityNameLengthMax).refine(
  (name) => /^[\p{L}\p{N}][\p{L}\p{N}._@+-]*$/u.test(name),
  "expected letters, digits and . _ @ + -, the first one a letter or a digit",
)

const userSchema = z
  .object({ username: z.string(), role: z.enum(userRoles), created_at: instant })
  .openapi("UserResponse")

const usersSchema = z
  .object({ users: z.array(userSchema), next_after: z.string().nullable() })
  .openapi("UserCollectionResponse")

const listUsers = endpoint({
  method: "get",
  path: "/users",
  operationId: "get_users",
  tags: ["User"],
  summary: "Who may sign in, by name, by keyset",
  role: "admin",
  request: { query: listQuery },
  responses: { 200: json("Users, and the name to go on after.", usersSchema) },
})

const passwordInput = z.string().min(passwordLengthMin).max(passwordLengthMax)

const withPassword = userSchema.extend({ password: z.string().nullable() }).openapi("CreatedUserResponse")

const postUser = endpoint({
  method: "post",
  path: "/users",
  operationId: "post_user",
  tags: ["User"],
  summary: "Let someone sign in; a password that is left out is made, and told once",
  role: "admin",
  request: {
    body: jsonBody(
      z
        .strictObject({ username: nameInput, role: z.enum(userRoles), password: passwordInput.optional() })
        .openapi("UserPostBody"),
    ),
  },
  responses: { 201: json("The user, and the password that was made.", withPassword), 409: taken },
})

const userName = z.object({ username: text(identityNameLengthMax) })

const putPassword = endpoint({
  method: "put",
  path: "/users/{username}/password",
  operationId: "put_user_password",
  tags: ["User"],
  summary: "Give a user a new password, which ends their sessions; left out, one is made and told once",
  role: "admin",
  request: {
    params: userName,
    body: jsonBody(z.strictObject({ password: passwordInput.optional() }).openapi("UserPasswordBody")),
  },
  responses: { 200: json("The user, and the password that was made.", withPassword) },
})

const self = json("It is the one who asks.", httpExceptionSchema)

const deleteUser = endpoint({
  method: "delete",
  path: "/users/{username}",
  operationId: "delete_user",
  tags: ["User"],
  summary: "Let someone not sign in any more",
  role: "admin",
  request: { params: userName },
  responses: { 204: { description: "There is no such user any more." }, 409: self },
})

const tokenSchema = z
  .object({
    name: z.string(),
    role: z.enum(userRoles),
    created_by: z.string(),
    created_at: instant,
    expires_at: instant.nullable(),
  })
  .openapi("ApiTokenResponse")

const tokensSchema = z
  .object({ tokens: z.array(tokenSchema), next_after: z.string().nullable() })
  .openapi("ApiTokenCollectionResponse")

const listTokens = endpoint({
  method: "get",
  path: "/tokens",
  operationId: "get_tokens",
  tags: ["Token"],
  summary: "The tokens of programs, by name, by keyset; never the tokens themselves",
  role: "admin",
  request: { query: listQuery },
  responses: { 200: json("Tokens, and the name to go on after.", tokensSchema) },
})

const postToken = endpoint({
  method: "post",
  path: "/tokens",
  operationId: "post_token",
  tags: ["Token"],
  summary: "Make a token for a program, which is told once",
  role: "admin",
  request: {
    body: jsonBody(
      z
        .strictObject({
          name: nameInput,
          role: z.enum(userRoles).default("viewer"),
          expires_days: z.int().min(1).max(expiresDaysMax).nullish(),
        })
        .openapi("ApiTokenPostBody"),
    ),
  },
  responses: {
    201: json("The token.", tokenSchema.extend({ token: z.string() }).openapi("CreatedApiTokenResponse")),
    409: taken,
  },
})

const deleteToken = endpoint({
  method: "delete",
  path: "/tokens/{token_name}",
  operationId: "delete_token",
  tags: ["Token"],
  summary: "Revoke a token of a program",
  role: "admin",
  request: { params: z.object({ token_name: text(identityNameLengthMax) }) },
  responses: { 204: { description: "It is not good any more." } },
})

/** Users and tokens. */
export function identityRoutes() {
  return makeRouter()
    .openapi(listUsers, async (c) => {
      const { after = null, limit } = c.req.valid("query")
      const rows = await Effect.runPromise(c.var.services.store.listUsers({ after, limit }))
      const next = rows.length < limit ? null : (rows.at(-1)?.username ?? null)
      return c.json({ users: rows.map(toUser), next_after: next }, 200)
    })
    .openapi(postUser, async (c) => {
      const { username, role, password: given } = c.req.valid("json")
      const { passwordHash, made } = await newPassword(given)
      const actor = actorOf(c.var.actor)
      const options = { username, role, passwordHash, actor }
      const user = await Effect.runPromise(c.var.services.store.createUser(options))
      return c.json({ ...toUser(user), password: made }, 201)
    })
    .openapi(putPassword, async (c) => {
      const { store } = c.var.services
      const { username } = c.req.valid("param")
      const { passwordHash, made } = await newPassword(c.req.valid("json").password)
      const actor = actorOf(c.var.actor)
      if (!(await Effect.runPromise(store.setPassword({ username, passwordHash, actor }))))
        throw notFound("user", username)
      const user = await Effect.runPromise(store.user(username))
      return c.json({ ...toUser(user), password: made }, 200)
    })
    .openapi(deleteUser, async (c) => {
      const { username } = c.req.valid("param")
      const { actor } = c.var
      if (actor.kind === "user" && actor.name === username)
        throw new ApiError(
          409,
          "nobody deletes themselves: another administrator can, or `sluice users delete`",
        )
      const isGone = await Effect.runPromise(
        c.var.services.store.deleteUser({ username, actor: actorOf(actor) }),
      )
      if (!isGone) throw notFound("user", username)
      return c.body(null, 204)
    })
    .openapi(listTokens, async (c) => {
      const { after = null, limit } = c.req.valid("query")
      const rows = await Effect.runPromise(c.var.services.store.listApiTokens({ after, limit }))
      const next = rows.length < limit ? null : (rows.at(-1)?.name ?? null)
      return c.json({ tokens: rows.map(toToken), next_after: next }, 200)
    })
    .openapi(postToken, async (c) => {
      const { name, role, expires_days: days } = c.req.valid("json")
      const token = makeApiToken()
      const row = await Effect.runPromise(
        c.var.services.store.createApiToken({
          ...{ name, role, tokenHash: hashApiToken(token), actor: actorOf(c.var.actor) },
          expiresAt: days == null ? null : new Date(Date.now() + days * dayMs),
        }),
      )
      return c.json({ ...toToken(row), token }, 201)
    })
    .openapi(deleteToken, async (c) => {
      const { token_name: name } = c.req.valid("param")
      const options = { name, actor: actorOf(c.var.actor) }
      if (!(await Effect.runPromise(c.var.services.store.revokeApiToken(options))))
        throw notFound("token", name)
      return c.body(null, 204)
    })
}

/** The hash of a password: of the one that was given, else of one that is made, which is told. */
async function newPassword(given: string | undefined) {
  const made = given === undefined ? makePassword() : null
  return { passwordHash: await hashPassword(given ?? made ?? ""), made }
}

function toUser({ username, role, createdAt }: UserRow): z.infer<typeof userSchema> {
  return { username, role, created_at: instantOf(createdAt) }
}

function toToken(row: ApiTokenRow): z.infer<typeof tokenSchema> {
  return {
    name: row.name,
    role: row.role,
    created_by: row.createdBy,
    created_at: instantOf(row.createdAt),
    expires_at: instantOf(row.expiresAt),
  }
}
