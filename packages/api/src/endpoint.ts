import { createRoute, OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi"
import { createMiddleware } from "hono/factory"
import type { UserRole } from "@sluice/core/store"
import { mayAct } from "./auth/roles.ts"
import { refuseDeepBody } from "./body-depth.ts"
import type { ApiEnv } from "./environment.ts"
import { ApiError, httpExceptionSchema, httpValidationErrorSchema } from "./problem.ts"

/** The name of the scheme in the OpenAPI document: a session or a token of a program, both as a bearer token. */
export const bearerScheme = "HTTPBearer"

/** The key under which the document says which role an operation needs. */
const roleExtension = "x-sluice-role"

/** What an endpoint says of itself. `role` has no default: nothing is open by mistake. */
type EndpointConfig = Omit<RouteConfig, "middleware" | "security"> & {
  readonly operationId: string
  readonly tags: string[]
  readonly summary: string
  readonly role: UserRole | "public"
}

/** An error as the document tells it. */
export function errorResponse(description: string) {
  return { description, content: { "application/json": { schema: httpExceptionSchema } } }
}

const errorsOfAll = {
  422: {
    description: "The request does not fit.",
    content: { "application/json": { schema: httpValidationErrorSchema } },
  },
  500: errorResponse("A bug; the server's log says more."),
  503: errorResponse("The database does not answer; try again."),
}

const errorsOfGuarded = {
  401: errorResponse("No token, or one that is not valid (any more)."),
  403: errorResponse("The role does not suffice."),
  404: errorResponse("It does not exist."),
}

const errorsOfBodies = {
  413: errorResponse("The body is too large."),
  415: errorResponse("The media type of the body is not known."),
}

function errorsOf(config: EndpointConfig) {
  return {
    ...errorsOfAll,
    ...(config.role !== "public" && errorsOfGuarded),
    ...(config.request?.body !== undefined && errorsOfBodies),
  }
}

/**
 * Declares an endpoint: its role is asked for before anything of the request is read, and stands in the document.
 *
 * The errors that any endpoint may answer with are added to the document, not to the type: they are thrown.
 */
export function endpoint<const R extends EndpointConfig>(config: R): R {
  const { role, ...rest }: EndpointConfig = config
  checkAtOnce(config.request?.params)
  checkAtOnce(config.request?.query)
  const isPublic = role === "public"
  const route = createRoute({
    ...rest,
    responses: { ...errorsOf(config), ...config.responses },
    middleware: [
      ...(isPublic ? [] : [requireRole(role)]),
      ...(config.request?.body === undefined ? [] : [refuseDeepBody]),
    ],
    security: isPublic ? [] : [{ [bearerScheme]: [] }],
    [roleExtension]: role,
  })
  return route as unknown as R
}

/** The role that each operation of a router needs, by the operation's id, as the document tells it. */
export function rolesOfOperations(router: OpenAPIHono<ApiEnv>): ReadonlyMap<string, UserRole | "public"> {
  return new Map(
    router.openAPIRegistry.definitions.flatMap((definition) => {
      if (definition.type !== "route") return []
      const { operationId, [roleExtension]: role } = definition.route as EndpointConfig &
        Record<typeof roleExtension, EndpointConfig["role"]>
      return [[operationId, role] as const]
    }),
  )
}

/** Finds the methods that operations of a router are served by at an address. */
export function methodFinder(router: OpenAPIHono<ApiEnv>): (pathname: string) => readonly string[] {
  const served = router.openAPIRegistry.definitions.flatMap((definition) => {
    if (definition.type !== "route") return []
    const { method, path } = definition.route
    return [
      {
        method: method.toUpperCase(),
        address: new RegExp(`^${path.replaceAll(".", String.raw`\.`).replaceAll(/\{[^}]+\}/g, "[^/]+")}$`),
      },
    ]
  })
  return (pathname) => [
    ...new Set(served.filter(({ address }) => address.test(pathname)).map(({ method }) => method)),
  ]
}

/**
 * Has a schema's asynchronous check do the synchronous one, which zod compiles: the validators of Hono ask for the other,
 * and no name and no parameter here has to be waited for.
 */
function checkAtOnce(schema: unknown): void {
  if (!(schema instanceof z.ZodType)) return
  schema.safeParseAsync = (...given) => Promise.resolve(schema.safeParse(...given))
}

function requireRole(needed: UserRole) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const actor = await c.var.services.authenticate(bearerOf(c.req.header("authorization")))
    if (actor === null)
      throw new ApiError(401, "the token is not valid, has expired, or was revoked", challenge)
    if (!mayAct(actor.role, needed))
      throw new ApiError(403, `this needs the role "${needed}"; "${actor.name}" has the role "${actor.role}"`)
    c.set("actor", actor)
    await next()
  })
}

const challenge = { "www-authenticate": "Bearer" }

function bearerOf(header: string | undefined): string {
  const bearer = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1]
  if (bearer === undefined)
    throw new ApiError(401, "no token came; expected the header Authorization: Bearer <token>", challenge)
  return bearer
}

/** Makes the router of one resource: what does not fit a schema is told as Airflow tells it. */
export function makeRouter(): OpenAPIHono<ApiEnv> {
  return new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (result.success) return
      const place = placeOf(result.target)
      throw new ApiError(
        422,
        result.error.issues.map((issue) => ({
          loc: [place, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))],
          ...told(issue, place),
        })),
      )
    },
  })
}

/** What is wrong in one place. Of what is missing, and of what came more than once, zod tells only the type. */
function told(issue: z.core.$ZodIssue, place: string): { readonly msg: string; readonly type: string } {
  const type = issue.code ?? "value_error"
  if (issue.code !== "invalid_type") return { msg: issue.message, type }
  if (issue.message.endsWith("received undefined"))
    return { msg: `it is missing; expected ${issue.expected}`, type: "missing" }
  if (place === "query" && issue.message.endsWith("received array"))
    return { msg: "it came more than once; expected it once", type }
  return { msg: issue.message, type }
}

function placeOf(target: string): string {
  if (target === "param") return "path"
  return target === "json" || target === "form" ? "body" : target
}
