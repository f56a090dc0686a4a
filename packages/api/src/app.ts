import { randomUUID } from "node:crypto"
import { type OpenAPIHono, z } from "@hono/zod-openapi"
import { bodyLimit } from "hono/body-limit"
import { cors } from "hono/cors"
import { secureHeaders } from "hono/secure-headers"
import type { Json } from "@sluice/core"
import type { StoreService } from "@sluice/core/store"
import { makeVault, type Vault } from "@sluice/core/vault"
import { makeAuthenticator } from "./auth/authenticator.ts"
import { makeLoginLimits } from "./auth/login-limits.ts"
import { makeSessions } from "./auth/sessions.ts"
import { bearerScheme, endpoint, makeRouter, methodFinder, rolesOfOperations } from "./endpoint.ts"
import type { ConfigSection } from "./config.ts"
import type { ApiEnv, Services } from "./environment.ts"
import { answerError, ApiError, invalid } from "./problem.ts"
import { makeRunFeeds } from "./events/run-feeds.ts"
import { makeDagVersions } from "./instances/dag-versions.ts"
import { makeLogTails } from "./logs/log-tails.ts"
import { assetQueueRoutes } from "./routes/asset-queue.ts"
import { assetRoutes } from "./routes/assets.ts"
import { backfillRoutes } from "./routes/backfills.ts"
import { clearRoutes } from "./routes/clear.ts"
import { connectionRoutes } from "./routes/connections.ts"
import { dagCalendarRoutes } from "./routes/dag-calendar.ts"
import { dagCatalogRoutes } from "./routes/dag-catalog.ts"
import { dagRunRoutes } from "./routes/dag-runs.ts"
import { dagRoutes } from "./routes/dags.ts"
import { eventRoutes } from "./routes/events.ts"
import { configRoutes } from "./routes/config.ts"
import { eventLogRoutes } from "./routes/event-logs.ts"
import { expansionHistoryRoutes } from "./routes/expansion-history.ts"
import { expansionInsightRoutes } from "./routes/expansion-insights.ts"
import { expansionInstanceRoutes } from "./routes/expansion-instances.ts"
import { expansionPageRoutes } from "./routes/expansion-pages.ts"
import { expansionRoutes } from "./routes/expansions.ts"
import { identityRoutes } from "./routes/identities.ts"
import { jobRoutes } from "./routes/jobs.ts"
import { logRoutes } from "./routes/logs.ts"
import { instanceExplanationRoutes } from "./routes/instance-explanation.ts"
import { metricsRoutes } from "./routes/metrics.ts"
import { monitorRoutes } from "./routes/monitor.ts"
import { poolRoutes } from "./routes/pools.ts"
import { providerRoutes } from "./routes/providers.ts"
import { resultRoutes } from "./routes/results.ts"
import { runWaitRoutes } from "./routes/run-wait.ts"
import { taskInstanceRoutes } from "./routes/task-instances.ts"
import { tokenRoutes } from "./routes/tokens.ts"
import { triggerRoutes } from "./routes/triggers.ts"
import { viewRoutes } from "./routes/views.ts"
import { variableRoutes } from "./routes/variables.ts"
import { xcomRoutes } from "./routes/xcoms.ts"
import { serveUi } from "./ui/serve-ui.ts"
import type { UiFolder } from "./ui/ui-files.ts"

/** The largest body that is read. */
export const bodyBytesMax = 1024 * 1024

/** The most parameters that a query may have, repeated ones counted. */
export const queryParametersMax = 1_000

/** What an API is made of. */
export interface ApiOptions {
  readonly store: StoreService
  /** What sessions are signed with; every server of an installation has the same. */
  readonly signingSecret: string
  readonly version: string
  /** Reads a stored value as plain JSON: what has no form there, in its nearest. */
  readonly readValue: (encoded: string) => Json
  /** Seals and opens variables and connections. Default: without a key. */
  readonly vault?: Vault
  /** What this server was started with, for who may see it; what is secret is told as hidden. */
  readonly config?: readonly ConfigSection[]
  /** Told of each failure that is not the client's. */
  readonly onFailure: Services["onFailure"]
  /** Believes the nearest proxy about where a request comes from. */
  readonly isBehindProxy?: boolean
  /** Origins whose pages may call; none unless they are named. */
  readonly corsOrigins?: readonly string[]
  /** Aborted when the server closes, so that streams end. */
  readonly closing?: AbortSignal
  /** What `/metrics` tells; left out, there are none. */
  readonly readMetrics?: NonNullable<Services["readMetrics"]>
  /** Where the web UI's built pages are; left out, there are none. */
  readonly uiFolder?: UiFolder
}

/** The application's type, from which a typed client is made. */
export type Api = ReturnType<typeof createApi>

/** Makes the API as one Hono application. */
export function createApi(options: ApiOptions) {
  const app = makeRouter()
  app.onError(answerError)
  const methodsAt = once(() => methodFinder(app))
  app.notFound((c) => answerError(notThere(c.req.method, methodsAt()(c.req.path)), c))
  useGuards(app, options)
  const routed = app
    .route("/", tokenRoutes())
    .route("/", metricsRoutes())
    .route("/api/v2", monitorRoutes())
    .route("/api/v2", dagRoutes())
    .route("/api/v2", dagCatalogRoutes())
    .route("/api/v2", dagCalendarRoutes())
    // Before assets: an address of its own is no asset's id.
    .route("/api/v2", providerRoutes())
    .route("/api/v2", assetRoutes())
    .route("/api/v2", assetQueueRoutes())
    .route("/api/v2", backfillRoutes())
    .route("/api/v2", dagRunRoutes())
    .route("/api/v2", runWaitRoutes())
    .route("/api/v2", logRoutes())
    .route("/api/v2", xcomRoutes())
    .route("/api/v2", taskInstanceRoutes())
    .route("/api/v2", clearRoutes())
    .route("/api/v2", expansionRoutes())
    .route("/api/v2", expansionInstanceRoutes())
    .route("/api/v2", instanceExplanationRoutes())
    .route("/api/v2", expansionPageRoutes())
    .route("/api/v2", expansionHistoryRoutes())
    .route("/api/v2", resultRoutes())
    .route("/api/v2", eventRoutes())
    .route("/api/v2", jobRoutes())
    .route("/api/v2", poolRoutes())
    .route("/api/v2", viewRoutes())
    .route("/api/v2", triggerRoutes())
    .route("/api/v2", eventLogRoutes())
    .route("/api/v2", configRoutes())
    .route("/api/v2", expansionInsightRoutes())
    .route("/api/v2", identityRoutes())
    .route("/api/v2", variableRoutes())
    .route("/api/v2", connectionRoutes())
  const describe = once(() => routed.getOpenAPI31Document(documentHead(options.version)))
  const whole = routed.openapi(document, (c) => c.json({ ...(describe() as { openapi: string }) }, 200))
  if (options.uiFolder !== undefined) serveUi(app, options.uiFolder)
  return whole
}

/** That nothing answers: of what is there for other methods, they are named. */
function notThere(method: string, served: readonly string[]): ApiError {
  if (served.length === 0) return new ApiError(404, "there is nothing at this address")
  const allow = served.join(", ")
  return new ApiError(405, `${method} is not served at this address; expected ${allow}`, { allow })
}

/** What every request goes through, in this order. */
function useGuards(app: ReturnType<typeof makeRouter>, options: ApiOptions): void {
  const services = servicesOf(app, options)
  const { corsOrigins = [] } = options
  app.use(async (c, next) => {
    c.set("services", services)
    await next()
    // Not c.header: on an answer that is there, it makes a new one with the body as a stream.
    c.res.headers.set("x-request-id", randomUUID())
  })
  app.use(secureHeaders())
  if (corsOrigins.length > 0) app.use(cors({ origin: [...corsOrigins], maxAge: 600 }))
  const limitBody = bodyLimit({
    maxSize: bodyBytesMax,
    onError: (c) => answerError(new ApiError(413, `the body is larger than ${bodyBytesMax} bytes`), c),
  })
  // Looking for a body costs more than the rest of a small request, and these have none.
  app.use((c, next) => (c.req.method === "GET" || c.req.method === "HEAD" ? next() : limitBody(c, next)))
  app.use(async (c, next) => {
    refuseUnreadable(new URL(c.req.url))
    await next()
    // What is read with a token is for its bearer alone; the pages, which are for anybody, say otherwise themselves.
    const { headers } = c.res
    if (!headers.has("cache-control")) headers.set("cache-control", "no-store")
  })
}

function servicesOf(app: OpenAPIHono<ApiEnv>, options: ApiOptions): Services {
  const { store } = options
  const sessions = makeSessions(options.signingSecret)
  const dagVersions = makeDagVersions(store)
  const closing = options.closing ?? new AbortController().signal
  return {
    store,
    dagVersions,
    feeds: makeRunFeeds({ store, dagVersions, closing }),
    logTails: makeLogTails(store),
    readValue: options.readValue,
    readMetrics: options.readMetrics ?? null,
    sessions,
    authenticate: makeAuthenticator({ store, sessions }),
    rolesOfOperations: once(() => rolesOfOperations(app)),
    loginLimits: makeLoginLimits(),
    version: options.version,
    vault: options.vault ?? makeVault(null),
    config: options.config ?? [],
    isBehindProxy: options.isBehindProxy ?? false,
    closing,
    onFailure: options.onFailure,
  }
}

/** The database keeps no NUL, so no name has one: refused here once, whatever the route does with it. */
function refuseUnreadable({ pathname, searchParams }: URL): void {
  if (pathname.includes("%00")) throw invalid(["path"], "a NUL character is in no name")
  if (searchParams.size > queryParametersMax)
    throw invalid(["query"], `${searchParams.size} parameters came; expected at most ${queryParametersMax}`)
  for (const [name, value] of searchParams)
    if (value.includes("\u0000")) throw invalid(["query", name], "a NUL character is in no name")
}

const document = endpoint({
  method: "get",
  path: "/api/v2/openapi.json",
  operationId: "get_openapi",
  tags: ["OpenAPI"],
  summary: "This API, described by the schemas that check it",
  role: "viewer",
  responses: {
    200: {
      description: "An OpenAPI 3.1 document.",
      content: { "application/json": { schema: z.object({ openapi: z.string() }).loose() } },
    },
  },
})

function documentHead(version: string) {
  return {
    openapi: "3.1.0",
    info: {
      title: "Sluice",
      version,
      description:
        "Airflow's REST API v2 where both have the thing, and what Airflow has not: expansions, and results as a stream.",
    },
    components: { securitySchemes: { [bearerScheme]: { type: "http", scheme: "bearer" } } },
  }
}

function once<A>(make: () => A): () => A {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}
