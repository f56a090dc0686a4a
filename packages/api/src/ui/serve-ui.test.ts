import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeMemoryStore } from "@sluice/core/store"
import { expect, it, onTestFinished } from "vitest"
import { createApi } from "../app.ts"
import { makeSigningSecret } from "../auth/secrets.ts"

function setup() {
  const folder = mkdtempSync(join(tmpdir(), "sluice-ui-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, "assets"))
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  write("index.html", "<!doctype html><title>first</title>")
  write("assets/app-abc.js", `console.log("${"sluice ".repeat(500)}")`)
  mkdirSync(join(folder, "docs"))
  write("docs/index.html", "<!doctype html><title>reference</title>")
  const api = createApi({
    store: makeMemoryStore(),
    signingSecret: makeSigningSecret(),
    version: "0.0.0-test",
    readValue: () => null,
    onFailure: () => {},
    uiFolder: async () => folder,
  })
  const get = (path: string, headers: Record<string, string> = {}) => api.request(path, { headers })
  return { folder, write, get }
}

it("gives every view the one document, which loads nothing from elsewhere", async () => {
  const { get } = setup()
  for (const path of ["/", "/dags/users_sync/runs/a%2Fb?view=gantt", "/index.html", "/../../etc/passwd"]) {
    const answer = await get(path)
    expect([path, answer.status, await answer.text()]).toEqual([
      path,
      200,
      "<!doctype html><title>first</title>",
    ])
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'")
    expect(answer.headers.get("cache-control")).toBe("no-cache")
  }
})

it("gives a folder's own document at the folder's address, under the same policy", async () => {
  const { get } = setup()
  for (const path of ["/docs", "/docs/"]) {
    const answer = await get(path)
    expect(await answer.text()).toContain("reference")
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'")
  }
})

it("lets what has its hash in its name be kept for ever, compressed where that is understood", async () => {
  const { get } = setup()
  const plain = await get("/assets/app-abc.js")
  expect(plain.headers.get("cache-control")).toBe("public, max-age=31536000, immutable")
  expect(plain.headers.get("content-type")).toBe("text/javascript; charset=utf-8")
  expect(plain.headers.get("content-encoding")).toBeNull()
  const small = await get("/assets/app-abc.js", { "accept-encoding": "br, gzip" })
  expect(small.headers.get("content-encoding")).toBe("gzip")
  expect((await small.arrayBuffer()).byteLength).toBeLessThan((await plain.arrayBuffer()).byteLength)
  const again = await get("/assets/app-abc.js", { "if-none-match": small.headers.get("etag") ?? "" })
  expect([again.status, await again.text()]).toEqual([304, ""])
})

it("shows a new build at the next visit", async () => {
  const { folder, write, get } = setup()
  await get("/")
  write("index.html", "<!doctype html><title>second</title>")
  utimesSync(join(folder, "index.html"), new Date(), new Date(Date.now() + 5_000))
  expect(await (await get("/")).text()).toContain("second")
})

it("tells what is not there as the API does", async () => {
  const { get } = setup()
  for (const path of ["/api/v2/nothing", "/auth/nothing", "/assets/gone-123.js"]) {
    const answer = await get(path)
    expect([path, answer.status, await answer.json()]).toEqual([
      path,
      404,
      { detail: "there is nothing at this address" },
    ])
  }
})
