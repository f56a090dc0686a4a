import { openStore } from "@sluice/postgres"
import { testDatabase } from "@sluice/postgres/testing"
import { Effect } from "effect"
import { Hono } from "hono"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createApi } from "./app.ts"
import { createFirstUser, loadSigningSecret } from "./auth/first-user.ts"
import { isLoopback, serveApi } from "./serve.ts"

describe("over HTTP and Postgres", () => {
  let database: Awaited<ReturnType<typeof testDatabase>>
  let opened: ReturnType<typeof openStore>
  beforeAll(async () => {
    database = await testDatabase()
    opened = openStore({ url: database.url, applicationName: "api test" })
  })
  afterAll(async () => {
    await opened.close()
    await database.drop()
  })

  it("the first user signs in, and reads what needs a role", async () => {
    const { store } = opened
    const password = await createFirstUser(store)
    const signingSecret = await loadSigningSecret(store)
    const app = createApi({
      store,
      signingSecret,
      version: "1",
      readValue: JSON.parse as never,
      onFailure: (error) => expect.fail(String(error)),
    })
    const server = await serveApi({ fetch: app.fetch, host: "127.0.0.1", port: 0, isBehindTlsProxy: false })
    const login = await fetch(`${server.url}/auth/token`, {
      method: "POST",
      body: new URLSearchParams({ username: "admin", password: password! }),
    })
    expect(login.status).toBe(201)
    const { access_token: token } = (await login.json()) as { access_token: string }
    const headers = { authorization: `Bearer ${token}` }
    const document = await fetch(`${server.url}/api/v2/openapi.json`, { headers })
    expect(await document.json()).toMatchObject({ openapi: "3.1.0" })
    const events = await Effect.runPromise(store.listEvents({ before: null, limit: 10 }))
    expect(events).toMatchObject([
      { actor: "admin", event: "signed_in", detail: { address: "127.0.0.1" } },
      { actor: "sluice", event: "user_created" },
    ])
    await server.close(1_000)
  })
})

describe("a server", () => {
  it("is reached from this machine alone, unless a proxy encrypts", async () => {
    expect(["127.0.0.1", "127.1.2.3", "::1", "localhost"].map(isLoopback)).toEqual([true, true, true, true])
    expect(["0.0.0.0", "::", "10.0.0.1", "example.com", "127.evil.com"].map(isLoopback)).not.toContain(true)
    const app = new Hono()
    const options = { fetch: app.fetch, host: "0.0.0.0", port: 0 }
    await expect(serveApi({ ...options, isBehindTlsProxy: false })).rejects.toThrow("in the clear")
    const server = await serveApi({ ...options, isBehindTlsProxy: true })
    await server.close(0)
  })

  it("lets a running request end, and cuts off what does not", async () => {
    const app = new Hono()
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const arrived = new Promise<void>((resolve) => {
      app.get("/slow", async (c) => {
        resolve()
        await held
        return c.text("done")
      })
    })
    app.get("/stuck", () => new Promise<Response>(() => {}))
    const options = { fetch: app.fetch, host: "127.0.0.1", port: 0, isBehindTlsProxy: false }
    const server = await serveApi(options)
    const slow = fetch(`${server.url}/slow`)
    await arrived
    const closed = server.close(60_000)
    release()
    expect(await (await slow).text()).toBe("done")
    await closed
    await expect(fetch(server.url)).rejects.toThrow("fetch failed")
    const other = await serveApi(options)
    const stuck = expect(fetch(`${other.url}/stuck`)).rejects.toThrow("fetch failed")
    await fetch(other.url)
    await other.close(50)
    await stuck
  })
})
