import type { HttpBindings } from "@hono/node-server"
import type { Json } from "@sluice/core"
import type { StoreService, UserRole } from "@sluice/core/store"
import type { Vault } from "@sluice/core/vault"
import type { Actor, Authenticator } from "./auth/authenticator.ts"
import type { LoginLimits } from "./auth/login-limits.ts"
import type { Sessions } from "./auth/sessions.ts"
import type { ConfigSection } from "./config.ts"
import type { RunFeeds } from "./events/run-feeds.ts"
import type { LogTails } from "./logs/log-tails.ts"
import type { DagVersions } from "./instances/dag-versions.ts"

/** What every route works with. */
export interface Services {
  readonly store: StoreService
  readonly dagVersions: DagVersions
  /** What clients watch live. */
  readonly feeds: RunFeeds
  /** Logs that clients follow. */
  readonly logTails: LogTails
  /** Reads a stored value as plain JSON. */
  readonly readValue: (encoded: string) => Json
  /** What Prometheus reads; null: nothing is counted. */
  readonly readMetrics: (() => Promise<{ readonly contentType: string; readonly text: string }>) | null
  readonly authenticate: Authenticator
  /** The role that each operation needs, by the operation's id. */
  readonly rolesOfOperations: () => ReadonlyMap<string, UserRole | "public">
  readonly sessions: Sessions
  readonly loginLimits: LoginLimits
  /** The version that `/version` tells. */
  readonly version: string
  /** Seals and opens variables and connections. */
  readonly vault: Vault
  /** What this server was started with. */
  readonly config: readonly ConfigSection[]
  /** Whether the nearest proxy's `X-Forwarded-For` says where a request comes from. */
  readonly isBehindProxy: boolean
  /** Aborted when the server closes: streams end then. */
  readonly closing: AbortSignal
  /** Told of each failure that is not the client's. */
  readonly onFailure: (error: unknown, request: { readonly method: string; readonly path: string }) => void
}

/** What Hono knows of a request of ours. */
export interface ApiEnv {
  Bindings: Partial<HttpBindings>
  Variables: {
    readonly services: Services
    /** Set by every route but the public ones. */
    actor: Actor
  }
}
