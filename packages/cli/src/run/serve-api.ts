import { hostname } from "node:os"
import {
  createApi,
  createFirstUser,
  firstUsername,
  isLoopback,
  loadSigningSecret,
  serveApi,
  signingSecretLengthMin,
} from "@sluice/api"
import type { Json } from "@sluice/core"
import { heartbeats } from "@sluice/core/engine"
import { Effect, Fiber } from "effect"
import { apiConfig } from "./api-config.ts"
import type { CliContext } from "../context.ts"
import { engineLogLayer } from "../engine-log.ts"
import { Problem, UsageProblem } from "../problem.ts"
import { type Session, type SessionOptions, withSession } from "../session.ts"
import { versionOfSluice } from "../version.ts"
import { readableValue } from "../view/readable-value.ts"
import { openTelemetry, openTraced, type Telemetry } from "./telemetry.ts"
import { listenForInterrupts, untilAborted } from "./interrupts.ts"
import { uiFolder } from "./ui-folder.ts"

/** Where an API is served, and to whom. */
export interface ApiOptions {
  readonly host: string
  readonly port: number
  readonly isBehindTlsProxy: boolean
  readonly corsOrigins: readonly string[]
  readonly json: boolean
}

/** What an API is served with, as a process of its own. */
export interface ServeApiOptions extends ApiOptions {
  readonly session: SessionOptions
}

/** How long requests that run may take to end once the server was asked to. */
const closeGraceMs = 5_000
/** How long a server may be silent before it counts as dead. */
const deadAfterSeconds = 20

/** Serves the API until the process is asked to end. */
export async function serveUntilInterrupted(context: CliContext, options: ServeApiOptions): Promise<void> {
  if (!isLoopback(options.host) && !options.isBehindTlsProxy)
    throw new UsageProblem(
      `--host ${options.host} can be reached by other machines, and passwords would travel in the clear`,
      {
        expected: "127.0.0.1, or --behind-tls-proxy where a proxy in front encrypts",
      },
    )
  await withSession(options.session, async (session) => {
    const interrupts = listenForInterrupts(() => process.exit(130))
    try {
      const traced = await openTraced(context, session)
      const telemetry = await openTelemetry(traced.session)
      const api = await startApi(context, options, telemetry.session, telemetry)
      await untilAborted(interrupts.signal)
      await api.close()
      await traced.close()
    } finally {
      interrupts.close()
    }
  })
}

/** Serves the API of a session until it is closed; tells where, and the first user's password. */
export async function startApi(
  context: CliContext,
  options: ApiOptions,
  session: Session,
  telemetry: Pick<Telemetry, "readLive"> | null,
): Promise<{ close(): Promise<void> }> {
  const { store } = session
  const closing = new AbortController()
  const password = await createFirstUser(store)
  const app = createApi({
    store,
    signingSecret: secretOf(context.env) ?? (await loadSigningSecret(store)),
    version: versionOfSluice(),
    ...(telemetry !== null && { readMetrics: telemetry.readLive }),
    readValue: (encoded) => readableValue(encoded) as Json,
    vault: session.vault,
    config: apiConfig(options, {
      databaseUrl: session.database.url,
      hasOwnSigningSecret: secretOf(context.env) !== null,
    }),
    isBehindProxy: options.isBehindTlsProxy,
    corsOrigins: options.corsOrigins,
    closing: closing.signal,
    uiFolder,
    onFailure: (error, { method, path }) => {
      const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
      void context.err.line(`${method} ${path}: ${told}`)
    },
  })
  const server = await serveApi({ ...options, fetch: app.fetch }).catch((error: unknown) => {
    throw toProblem(error, options)
  })
  const pulse = beat(session, server.url)
  await tellStarted(context, options, { url: server.url, password })
  return {
    close: async () => {
      closing.abort()
      await server.close(closeGraceMs)
      await pulse.stop()
    },
  }
}

/** The secret that the environment names; null: the one that is kept in the database. */
function secretOf(env: NodeJS.ProcessEnv): string | null {
  const secret = env["SLUICE_API_SECRET"] ?? ""
  if (secret === "" || secret.length >= signingSecretLengthMin) return secret || null
  throw new UsageProblem(`SLUICE_API_SECRET has ${secret.length} characters`, {
    expected: `${signingSecretLengthMin} or more, as of \`openssl rand -base64 48\``,
  })
}

async function tellStarted(
  { out }: CliContext,
  { json }: ApiOptions,
  { url, password }: { url: string; password: string | null },
): Promise<void> {
  const made = password === null ? null : { username: firstUsername, password }
  if (json) return out.line(JSON.stringify({ url, created_user: made }))
  if (made !== null)
    await out.line(
      `there was no user: made ${made.username} with the password (shown only now) ${made.password}`,
    )
  await out.line(`open ${url} in a browser; the API is listening on ${url}/api/v2`)
}

function toProblem(error: unknown, { host, port }: ApiOptions): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case "EADDRINUSE":
      return new Problem(`something listens on ${host}:${port} already`, { fix: "choose another --port" })
    case "EACCES":
      return new Problem(`this user may not listen on port ${port}`, { fix: "choose a --port from 1024 on" })
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new UsageProblem(`--host ${host} is no address of this machine`)
    default:
      return error
  }
}

/** Says that this server is alive, quietly: what fails here is told by the requests that need the store. */
function beat({ store }: Session, url: string): { stop(): Promise<void> } {
  const name = `${hostname()}-${process.pid}`
  const beating = Effect.runFork(
    heartbeats(store, { name, roles: ["api"], deadAfterSeconds, info: { url } }).pipe(
      Effect.provide(engineLogLayer(() => {})),
    ),
  )
  return { stop: () => Effect.runPromise(Effect.asVoid(Fiber.interrupt(beating))) }
}
