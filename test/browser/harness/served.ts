import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { testDatabase } from "@sluice/postgres/testing"
import { eventually } from "../../harness/eventually.ts"

const bin = fileURLToPath(new URL("../../../packages/cli/bin/sluice.js", import.meta.url))
const dags = fileURLToPath(new URL("../dags", import.meta.url))

/** What variables and connections are sealed with; the same when a server is started again. */
const secretKey = randomBytes(32).toString("base64")

/** `sluice dev` over the demo project, as a person would start it. */
export interface Served {
  readonly url: string
  readonly folder: string
  readonly username: string
  readonly password: string
  /** Asks the API as the administrator. */
  readonly call: (method: string, path: string, body?: unknown) => Promise<unknown>
  /** Kills the server; `start` brings it back at the same address. */
  readonly kill: () => Promise<void>
  readonly start: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Serves the demo project on a database of its own. */
export async function serveDemo(): Promise<Served> {
  const database = await testDatabase()
  const folder = mkdtempSync(join(tmpdir(), "sluice-browser-"))
  cpSync(dags, join(folder, "dags"), { recursive: true })
  // Not among the sources, which must be right: a DAG file that cannot be used.
  writeFileSync(
    join(folder, "dags", "broken.ts"),
    'import { dag } from "sluice"\n\nexport default dag("broken", {\n',
  )
  let child: ChildProcess | undefined
  let port = "0"
  const run = async () => {
    let out = ""
    let err = ""
    let isOver = false
    child = spawn(process.execPath, [bin, "dev", "--port", port], {
      cwd: folder,
      env: { ...process.env, DATABASE_URL: database.url, SLUICE_SECRET_KEY: secretKey, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    })
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text))
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (err += text))
    child.once("close", () => (isOver = true))
    const heard = await eventually("the server listens", () => {
      if (isOver) throw new Error(`sluice dev ended:\n${out}${err}`)
      const [, url] = /open (\S+) in a browser/.exec(out) ?? []
      return url === undefined ? undefined : { url, out }
    })
    port = new URL(heard.url).port
    return heard
  }
  const { url, out } = await run()
  const password = /shown only now\) (\S+)/.exec(out)?.[1] ?? ""
  let token: string | undefined
  const call = async (method: string, path: string, body?: unknown) => {
    token ??= await signIn(url, password)
    const response = await fetch(`${url}/api/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.status === 204 ? null : await response.json()
  }
  await eventually("the DAGs are stored", async () => {
    const { total_entries: total } = (await call("GET", "/dags")) as { total_entries: number }
    return total === 7 ? true : undefined
  })
  const kill = async () => {
    const ended = new Promise((resolve) => child?.once("close", resolve))
    child?.kill("SIGKILL")
    await ended
  }
  return {
    ...{ url, folder, username: "admin", password, call, kill },
    start: async () => void (await run()),
    close: async () => {
      await kill()
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function signIn(url: string, password: string): Promise<string> {
  const response = await fetch(`${url}/auth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "admin", password }),
  })
  return ((await response.json()) as { access_token: string }).access_token
}
