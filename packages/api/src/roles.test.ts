import { userRoles } from "@sluice/core/store"
import { describe, expect, it } from "vitest"
import { openTestApi } from "./testing/index.ts"

/** What anybody may call. Whoever adds to it opens something to the world. */
const publicOperations = [
  "GET /api/v2/monitor/health",
  "GET /api/v2/version",
  "POST /auth/token",
  "POST /auth/token/cli",
]

/** Every route that is served, with the role that the document says it needs. */
async function setup() {
  const test = await openTestApi()
  const { body } = await test.get("/api/v2/openapi.json")
  const routes = test.api.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => ({ method, path, template: path.replaceAll(/:([^/]+)/g, "{$1}") }))
  const unique = [...new Map(routes.map((route) => [`${route.method} ${route.template}`, route])).values()]
  const served = unique.map((route) => {
    const operation = body.paths[route.template]?.[route.method.toLowerCase()]
    return {
      ...route,
      operationId: operation?.operationId as string,
      role: operation?.["x-sluice-role"] as unknown,
    }
  })
  return { ...test, served }
}

describe("every route", () => {
  it("declares the role that it needs", async () => {
    const { served } = await setup()
    const roles: readonly unknown[] = [...userRoles, "public"]
    expect(served.filter(({ role }) => !roles.includes(role))).toEqual([])
    expect(served.length).toBeGreaterThan(publicOperations.length)
  })

  it("is closed to whoever has no token, but for the public ones", async () => {
    const { served, send } = await setup()
    const open = served.filter(({ role }) => role === "public")
    expect(open.map(({ method, template }) => `${method} ${template}`).sort()).toEqual(publicOperations)
    for (const { method, template, role } of served) {
      const path = template.replaceAll(/\{[^}]+\}/g, "1")
      const { status } = await send(method, path, { as: null, ...(method !== "GET" && { body: {} }) })
      expect([method, template, status === 401]).toEqual([method, template, role !== "public"])
    }
  })

  it("refuses a role that does not suffice, before it reads the request", async () => {
    const { served, send } = await setup()
    for (const { method, template, role } of served) {
      const needed = userRoles.findIndex((known) => known === role)
      const below = userRoles[needed - 1]
      if (below === undefined) continue
      const path = template.replaceAll(/\{[^}]+\}/g, "1")
      const { status } = await send(method, path, {
        as: below,
        ...(method !== "GET" && { body: { nonsense: true } }),
      })
      expect([method, template, status]).toEqual([method, template, 403])
    }
  })

  it("is told to whom it is refused, as it then is", async () => {
    const { served, get } = await setup()
    for (const [rank, role] of userRoles.entries()) {
      const { body } = await get("/api/v2/me", { as: role })
      const expected = served.flatMap(({ operationId, role: needed }) =>
        userRoles.findIndex((known) => known === needed) > rank ? [[operationId, needed]] : [],
      )
      expect(body.refused_operations).toEqual(Object.fromEntries(expected))
    }
    expect((await get("/api/v2/me", { as: "viewer" })).body.refused_operations).toMatchObject({
      delete_user: "admin",
    })
  })
})
