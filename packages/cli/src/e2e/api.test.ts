import { testDatabase } from "@sluice/postgres/testing"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type Project, type Running } from "./project.test.fixture.ts"

let project: Project
let database: Awaited<ReturnType<typeof testDatabase>>

beforeAll(async () => {
  database = await testDatabase()
  project = makeProject({}, database.url)
})

afterAll(async () => {
  project.remove()
  await database.drop()
})

/** Starts a server on a port of its own, and gives what it said first. */
async function startApi(...args: string[]): Promise<{ running: Running; said: Started }> {
  const running = project.start(["api", "--port", "0", "--json", ...args])
  const line = await running.until("}\n").then(() => running.stdout())
  return { running, said: JSON.parse(line) as Started }
}

interface Started {
  readonly url: string
  readonly created_user: { readonly username: string; readonly password: string } | null
}

async function signIn(url: string, username: string, password: string): Promise<Response> {
  return fetch(`${url}/auth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
  })
}

async function statusWith(url: string, token: string): Promise<number> {
  const response = await fetch(`${url}/api/v2/openapi.json`, {
    headers: { authorization: `Bearer ${token}` },
  })
  await response.arrayBuffer()
  return response.status
}

describe("sluice api", () => {
  it("makes an administrator once, lets it sign in, and ends in order when it is asked to", async () => {
    const { running, said } = await startApi()
    expect(said.created_user?.username).toBe("admin")
    const answer = await signIn(said.url, "admin", said.created_user!.password)
    expect(answer.status).toBe(201)
    const { access_token: token } = (await answer.json()) as { access_token: string }
    expect(await statusWith(said.url, token)).toBe(200)
    const headers = { authorization: `Bearer ${token}` }
    const metrics = () => fetch(`${said.url}/metrics`, { headers }).then((answer) => answer.text())
    await expect.poll(metrics).toMatch(/sluice_processes\{role="api",status="alive"\} 1\n/)
    expect((await fetch(`${said.url}/metrics`)).status).toBe(401)
    running.child.kill("SIGTERM")
    expect(await running.ended).toMatchObject({ code: 0, stderr: "" })
    const again = await startApi()
    expect(again.said.created_user).toBeNull()
    // The secret is the database's: who was signed in still is.
    expect(await statusWith(again.said.url, token)).toBe(200)
    again.running.child.kill("SIGTERM")
    expect((await again.running.ended).code).toBe(0)
  })

  it.each([
    [["--host", "0.0.0.0"], "--host 0.0.0.0 can be reached by other machines"],
    [["--host", "192.0.2.1", "--behind-tls-proxy"], "--host 192.0.2.1 is no address of this machine"],
    [["--port", "70000"], "--port: 70000 came"],
    [["--cors-origin", "example.com"], '--cors-origin: "example.com" came'],
  ])("refuses %j in one line, with 2", async (args, message) => {
    const { code, stderr } = await project.sluice("api", ...args)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })

  it("says that a port is taken, and that a secret is too short", async () => {
    const { running, said } = await startApi()
    const { code, stderr } = await project.sluice("api", "--port", new URL(said.url).port)
    expect([code, stderr]).toEqual([1, expect.stringContaining("listens on 127.0.0.1")])
    running.child.kill("SIGTERM")
    const short = project.start(["api", "--port", "0"], { SLUICE_API_SECRET: "short" })
    expect((await short.ended).stderr).toContain("SLUICE_API_SECRET has 5 characters")
    await running.ended
  })
})

describe("users and tokens", () => {
  it("are made, listed, changed and removed, and the API knows at once", async () => {
    const made = JSON.parse((await project.sluice("users", "create", "ada", "--role", "op", "--json")).stdout)
    expect(made).toMatchObject({ username: "ada", role: "op", password: expect.any(String) })
    const taken = await project.sluice("users", "create", "ada")
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining('user "ada" exists already')])
    const { running, said } = await startApi()
    expect((await signIn(said.url, "ada", made.password)).status).toBe(201)
    const changed = JSON.parse((await project.sluice("users", "passwd", "ada", "--json")).stdout)
    expect((await signIn(said.url, "ada", made.password)).status).toBe(401)
    expect((await signIn(said.url, "ada", changed.password)).status).toBe(201)
    expect((await project.sluice("users", "list")).stdout).toContain("ada")
    expect((await project.sluice("users", "delete", "ada")).code).toBe(0)
    expect((await signIn(said.url, "ada", changed.password)).status).toBe(401)

    const created = await project.sluice("tokens", "create", "ci", "--expires-days", "7", "--json")
    const { token } = JSON.parse(created.stdout) as { token: string }
    expect(await statusWith(said.url, token)).toBe(200)
    const listed = await project.sluice("tokens", "list", "--json")
    expect(JSON.parse(listed.stdout)).toMatchObject({ name: "ci", role: "viewer" })
    expect(listed.stdout).not.toContain(token)
    expect((await project.sluice("tokens", "revoke", "ci")).code).toBe(0)
    expect((await project.sluice("tokens", "revoke", "ci")).stderr).toContain('there is no token "ci"')
    const events = await project.sluice("events", "list", "--json")
    expect(events.stdout).toContain('"event":"api_token_revoked"')
    running.child.kill("SIGTERM")
    await running.ended
  })

  it.each([
    [["users", "create", "a b"], '"a b" cannot be the name of a user'],
    [
      ["users", "create", "bob", "--role", "root"],
      '--role: "root" came; expected one of viewer, user, op, admin',
    ],
    [["tokens", "create", "x", "--expires-days", "0"], "--expires-days"],
  ])("refuses %j in one line, with 2", async (args, message) => {
    const { code, stderr } = await project.sluice(...args)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })
})

describe("sluice variables and connections", () => {
  const env = { SLUICE_SECRET_KEY: "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=" }
  const sluice = (...args: string[]) => project.start(args, env).ended

  it("are set and read with the key, and not without it", async () => {
    expect(await sluice("variables", "set", "region", "eu-1", "--description", "where")).toMatchObject({
      code: 0,
      stdout: "created variable region\n",
    })
    expect((await sluice("variables", "set", "region", "eu-2")).stdout).toBe("changed variable region\n")
    expect((await sluice("variables", "get", "region", "--json")).stdout).toBe(
      `${JSON.stringify({ key: "region", value: "eu-2", description: "where" })}\n`,
    )
    expect((await sluice("variables", "list")).stdout).toBe("region  where\n")
    const keyless = await project.sluice("variables", "get", "region")
    expect([keyless.code, keyless.stdout]).toEqual([1, ""])
    expect(keyless.stderr).toContain("set SLUICE_SECRET_KEY")
    expect((await sluice("variables", "delete", "region")).code).toBe(0)
    expect((await sluice("variables", "set", "x")).code).toBe(2)
    const made = await sluice(
      "connections",
      "set",
      "crm",
      "--type",
      "http",
      "--host",
      "h",
      "--extra",
      '{"a":1}',
    )
    expect(made).toMatchObject({ code: 0, stdout: "created connection crm\n" })
    expect((await sluice("connections", "set", "crm", "--port", "443")).code).toBe(0)
    expect(JSON.parse((await sluice("connections", "get", "crm")).stdout)).toMatchObject({
      ...{ conn_type: "http", host: "h", port: 443, password: null, extra: '{"a":1}' },
    })
    expect((await sluice("connections", "list")).stdout).toBe("crm  http  h:443\n")
  })

  it("are sealed anew with the newest key, and need no other then", async () => {
    const [oldKey, newKey] = [env.SLUICE_SECRET_KEY, "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY="]
    const as = (keys: string, ...args: string[]) => project.start(args, { SLUICE_SECRET_KEY: keys }).ended
    await sluice("variables", "set", "turned", "over")
    const alone = await as(newKey, "secrets", "rotate")
    expect(alone).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("variable turned was sealed") as string,
    })
    expect(alone.stdout).toContain("cannot be opened")
    expect(alone.stdout).not.toMatch(/\bover\b/)
    const dry = await as(`${newKey},${oldKey}`, "secrets", "rotate", "--dry-run", "--json")
    const { rotated, ...rest } = JSON.parse(dry.stdout) as { rotated: number }
    expect(rest).toEqual({ newest: 0, changed: 0, unreadable: 0, is_dry_run: true })
    expect(await as(`${newKey},${oldKey}`, "secrets", "rotate", "--actor", "eve")).toMatchObject({
      code: 0,
      stdout: `sealed ${rotated} anew; the newest key had sealed 0\n`,
    })
    expect((await as(newKey, "variables", "get", "turned")).stdout).toBe("over\n")
    expect(await as(newKey, "secrets", "rotate")).toMatchObject({
      code: 0,
      stdout: `sealed 0 anew; the newest key had sealed ${rotated}\n`,
    })
    const events = await project.sluice("events", "list", "--json")
    expect(events.stdout).toMatch(/"actor":"eve","event":"secrets_rotated"/)
  })
})
