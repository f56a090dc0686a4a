import type { Json } from "@sluice/core"
import { makeMemoryStore, type StoreService, type UserRole, userRoles } from "@sluice/core/store"
import { makeSecretBox, makeSecretKey } from "@sluice/core/secrets"
import { makeVault, type Vault } from "@sluice/core/vault"
import { Effect } from "effect"
import { type Api, createApi } from "../app.ts"
import { hashApiToken, makeApiToken, makeSigningSecret } from "../auth/secrets.ts"
import { type ApiDocument, makeResponseChecker, type SeenResponse, type Verdict } from "./response-checker.ts"

/** A request as a test writes it. */
export interface TestRequest {
  /** Whose token is sent; null: none. Default: an administrator's. */
  readonly as?: UserRole | null
  /** Sent as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer as a test reads it. */
export interface TestAnswer {
  readonly status: number
  readonly headers: Headers
  /** Parsed when it is JSON, else the text. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it expects to be there.
  readonly body: any
}

/** An API under test. */
export interface TestApi {
  readonly api: Api
  readonly store: StoreService
  /** Opens what was sealed. */
  readonly vault: Vault
  /** A token of a program for each role. */
  readonly tokens: Readonly<Record<UserRole, string>>
  /** What was told as the server's own failure. */
  readonly failures: readonly unknown[]
  /** The API's own document. */
  readonly document: ApiDocument
  /** Holds an answer against it. */
  readonly check: (seen: SeenResponse) => Verdict
  /** Sends a request, and checks the answer against the API's own document. */
  readonly send: (method: string, path: string, request?: TestRequest) => Promise<TestAnswer>
  readonly get: (path: string, request?: TestRequest) => Promise<TestAnswer>
}

/** What the API under test tells of how it was started. */
export const testConfig = [
  {
    name: "api",
    options: [
      { key: "port", value: 8080 },
      { key: "signing_secret", value: "canary-5d1f" },
    ],
  },
  { name: "database", options: [{ key: "url", value: "canary-5d1f", isSecret: true }] },
] as const

/** Opens an API over a store, a new one in memory unless one is given. */
export async function openTestApi(
  store: StoreService = makeMemoryStore(),
  { hasKey = true }: { readonly hasKey?: boolean } = {},
): Promise<TestApi> {
  const vault = makeVault(hasKey ? makeSecretBox([makeSecretKey()]) : null)
  const failures: unknown[] = []
  const api = createApi({
    store,
    signingSecret: makeSigningSecret(),
    version: "0.0.0-test",
    readValue: (encoded) => JSON.parse(encoded) as Json,
    config: testConfig,
    vault,
    onFailure: (error) => failures.push(error),
  })
  const tokens = Object.fromEntries(
    await Promise.all(userRoles.map(async (role) => [role, await addToken(store, role)] as const)),
  ) as Record<UserRole, string>
  const { document, check } = await (described ??= describeBy(api, tokens.viewer))
  const send: TestApi["send"] = async (method, path, request = {}) => {
    const response = await api.request(path, {
      method,
      headers: {
        ...(request.as === null ? {} : bearer(tokens[request.as ?? "admin"])),
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...request.headers,
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    })
    const contentType = response.headers.get("content-type") ?? ""
    const body: unknown = contentType.startsWith("application/json")
      ? await response.json()
      : await response.text()
    const [pathname = ""] = path.split("?")
    const verdict = check({ method, path: pathname, status: response.status, contentType, body })
    if (verdict.operationId !== null && verdict.problems.length > 0)
      throw new Error(
        `${method} ${path} does not answer as it says:\n${verdict.problems.join("\n")}\n${JSON.stringify(body)}`,
      )
    return { status: response.status, headers: response.headers, body }
  }
  return {
    api,
    store,
    vault,
    tokens,
    failures,
    document,
    check,
    send,
    get: (path, request) => send("GET", path, request),
  }
}

/** The document follows from the code alone, and to read it takes longer than most tests: it is read once. */
let described: ReturnType<typeof describeBy> | undefined

async function describeBy(api: Api, token: string) {
  const answer = await api.request("/api/v2/openapi.json", { headers: bearer(token) })
  const document = (await answer.json()) as ApiDocument
  return { document, check: makeResponseChecker(document) }
}

/** The header that sends a token. */
export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

async function addToken(store: StoreService, role: UserRole): Promise<string> {
  const token = makeApiToken()
  const tokenHash = hashApiToken(token)
  const known = { name: `test ${role}`, role, tokenHash, actor: "test", expiresAt: null }
  await Effect.runPromise(store.createApiToken(known))
  return token
}
