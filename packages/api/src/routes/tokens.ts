import { z } from "@hono/zod-openapi"
import { getConnInfo } from "@hono/node-server/conninfo"
import { isTagged, type UserCredentials } from "@sluice/core/store"
import { Effect } from "effect"
import type { Context } from "hono"
import { hashOfNobody, passwordLengthMax, verifyPassword } from "../auth/passwords.ts"
import { cliSessionSeconds, sessionSeconds } from "../auth/sessions.ts"
import { endpoint, errorResponse, makeRouter } from "../endpoint.ts"
import type { ApiEnv, Services } from "../environment.ts"
import { ApiError } from "../problem.ts"
import { text } from "../wire/text.ts"

const loginSchema = z
  .object({ username: text(128), password: z.string().min(1).max(passwordLengthMax) })
  .openapi("LoginBody")

const loginResponseSchema = z.object({ access_token: z.string() }).openapi("LoginResponse")

const login = (path: "/auth/token" | "/auth/token/cli", operationId: string, summary: string) =>
  endpoint({
    method: "post",
    path,
    operationId,
    tags: ["Login"],
    summary,
    role: "public",
    request: {
      body: {
        content: {
          "application/json": { schema: loginSchema },
          "application/x-www-form-urlencoded": { schema: loginSchema },
        },
      },
    },
    responses: {
      201: {
        description: "A bearer token.",
        content: { "application/json": { schema: loginResponseSchema } },
      },
      401: errorResponse("The name or the password is wrong."),
      429: errorResponse("Too many tries; the header Retry-After says how long to wait."),
    },
  })

/** Signing in: a name and a password for a token. */
export function tokenRoutes() {
  return makeRouter()
    .openapi(login("/auth/token", "create_token", "Sign in"), async (c) =>
      c.json({ access_token: await signIn(c, readLogin(c), sessionSeconds) }, 201),
    )
    .openapi(
      login("/auth/token/cli", "create_token_cli", "Sign in from a command line, for an hour"),
      async (c) => c.json({ access_token: await signIn(c, readLogin(c), cliSessionSeconds) }, 201),
    )
}

type Login = z.infer<typeof loginSchema>

/** The body comes as JSON or as a form; the other of the two is read as empty. */
function readLogin(c: {
  req: { valid(target: "json"): Partial<Login>; valid(target: "form"): Partial<Login> }
}): Login {
  const given = { ...c.req.valid("form"), ...c.req.valid("json") }
  const read = loginSchema.safeParse(given)
  if (read.success) return read.data
  throw new ApiError(
    422,
    read.error.issues.map((issue) => ({
      loc: ["body", ...issue.path.map(String)],
      msg: issue.message,
      type: issue.code,
    })),
  )
}

async function signIn(c: Context<ApiEnv>, { username, password }: Login, seconds: number): Promise<string> {
  const { services } = c.var
  const address = addressOf(c, services)
  await services.loginLimits.count(address, username)
  const user = await findUser(services, username)
  const isRight = await verifyPassword(password, user?.passwordHash ?? hashOfNobody)
  const isGranted = user !== null && isRight
  await Effect.runPromise(services.store.recordSignIn({ username, address, isGranted }))
  if (!isGranted) throw new ApiError(401, "the user name or the password is wrong")
  await services.loginLimits.forget(address, username)
  return services.sessions.sign(user, seconds)
}

async function findUser({ store }: Services, username: string): Promise<UserCredentials | null> {
  try {
    return await Effect.runPromise(store.user(username))
  } catch (error) {
    if (isTagged(error, "NotFound")) return null
    throw error
  }
}

/** Where a request comes from: the socket's other end, or what the proxy in front of us saw. */
function addressOf(c: Context<ApiEnv>, services: Services): string {
  const forwarded = services.isBehindProxy
    ? c.req.header("x-forwarded-for")?.split(",").at(-1)?.trim()
    : undefined
  if (forwarded !== undefined && forwarded !== "") return forwarded
  return c.env?.incoming === undefined ? "in process" : (getConnInfo(c).remote.address ?? "unknown")
}
