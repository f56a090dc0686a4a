import { describe, expect, it } from "vitest"
import { openTestApi } from "../testing/index.ts"

describe("the configuration", () => {
  it("is told by section and option, with what is secret hidden, to who may know it", async () => {
    const { get } = await openTestApi()
    const { body } = await get("/api/v2/config")
    expect(body.sections).toEqual([
      {
        name: "api",
        options: [
          { key: "port", value: "8080" },
          { key: "signing_secret", value: "***" },
        ],
      },
      { name: "database", options: [{ key: "url", value: "***" }] },
    ])
    expect((await get("/api/v2/config?section=database")).body.sections).toHaveLength(1)
    const port = await get("/api/v2/config/section/api/option/port")
    expect(port.body).toEqual({ sections: [{ name: "api", options: [{ key: "port", value: "8080" }] }] })
    for (const path of [
      "config?section=none",
      "config/section/api/option/none",
      "config/section/none/option/port",
    ])
      expect((await get(`/api/v2/${path}`)).status).toBe(404)
    expect((await get("/api/v2/config", { as: "user" })).status).toBe(403)
  })

  it("is told as text to who wants text, and as nothing else", async () => {
    const { get } = await openTestApi()
    const asked = async (path: string, accept: string) => {
      const { status, body } = await get(`/api/v2/${path}`, { headers: { accept } })
      return [status, body]
    }
    expect(await asked("config", "text/plain")).toEqual([
      200,
      "[api]\nport = 8080\nsigning_secret = ***\n\n[database]\nurl = ***\n",
    ])
    expect(await asked("config/section/api/option/port", "text/plain")).toEqual([200, "8080"])
    expect((await asked("config", "text/plain, */*"))[1]).toHaveProperty("sections")
    expect((await asked("config", "image/png"))[0]).toBe(406)
  })
})
