import { randomUUID } from "node:crypto"
import {
  createApi,
  hashApiToken,
  loadSigningSecret,
  makeApiToken,
  type RunningServer,
  serveApi,
} from "@sluice/api"
import { testConfig } from "@sluice/api/testing"
import type { Json } from "@sluice/core"
import { type UserRole, userRoles } from "@sluice/core/store"
import { decode } from "@sluice/host/codec"
import { Effect } from "effect"
import { afterAll } from "vitest"
import type { World } from "./world.ts"

/** An answer, parsed where it is JSON. */
export interface Answer {
  readonly status: number
  readonly contentType: string
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it expects to be there.
  readonly body: any
}

/** An API that is served over HTTP, with a token for each role. */
export interface ServedApi {
  readonly url: string
  readonly tokens: Readonly<Record<UserRole, string>>
  /** What the server told as its own failure. */
  readonly failures: readonly unknown[]
  readonly send: (
    method: string,
    path: string,
    options?: { readonly body?: unknown; readonly headers?: Record<string, string>; readonly as?: UserRole },
  ) => Promise<Answer>
  readonly close: () => Promise<void>
}

/** Serves the API of a world's database on a port of its own until the tests of the file have ended. */
export async function openApi(world: World): Promise<ServedApi> {
  const { store } = world
  const failures: unknown[] = []
  const closing = new AbortController()
  const app = createApi({
    store,
    signingSecret: await loadSigningSecret(store),
    version: "0.0.0-test",
    readValue: (encoded) => JSON.parse(JSON.stringify(decode(encoded) ?? null)) as Json,
    config: testConfig,
    vault: world.vault,
    closing: closing.signal,
    onFailure: (error) => failures.push(error),
  })
  const server: RunningServer = await serveApi({
    ...{ fetch: app.fetch, host: "127.0.0.1", port: 0, isBehindTlsProxy: false },
  })
  const tokens = Object.fromEntries(
    await Promise.all(
      userRoles.map(async (role) => {
        const token = makeApiToken()
        // Several servers share a database: each has tokens of its own.
        const known = {
          name: `test ${role} ${randomUUID()}`,
          role,
          tokenHash: hashApiToken(token),
          expiresAt: null,
        }
        await Effect.runPromise(store.createApiToken({ ...known, actor: "test" }))
        return [role, token] as const
      }),
    ),
  ) as Record<UserRole, string>
  const close = async () => {
    closing.abort()
    await server.close(1_000)
  }
  afterAll(close)
  return {
    ...{ url: server.url, tokens, failures, close },
    send: async (method, path, { body, headers, as = "admin" } = {}) => {
      const response = await fetch(`${server.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${tokens[as]}`,
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const contentType = response.headers.get("content-type") ?? ""
      const text = await response.text()
      const isJson = contentType.startsWith("application/json")
      return { status: response.status, contentType, body: isJson ? (JSON.parse(text) as unknown) : text }
    },
  }
}
