import { spawnSync } from "node:child_process"
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { type Client, createClient } from "./client.ts"
import { embeddedUser, startServer, stopServer } from "./embedded/server.ts"
import { openPlace } from "./embedded/place.ts"
import { DatabaseError, DatabaseUnavailable } from "./errors.ts"
import { type TestDatabase, testDatabase } from "./testing.ts"

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase({ migrated: false })
})
afterAll(() => database.drop())

async function withClient<T>(
  options: Partial<Parameters<typeof createClient>[0]>,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = createClient({
    url: database.url,
    max: 2,
    applicationName: "sluice client test",
    ...options,
  })
  try {
    return await use(client)
  } finally {
    await client.close()
  }
}

describe("values", () => {
  it("keeps bigints as strings, jsonb keys as they are, and turns column names to camelCase", () =>
    withClient({}, async (client) => {
      const rows = await client.run(
        "read",
        (sql) =>
          sql`select 9007199254740993::bigint as big_number, '{"a_b": {"c_d": 1}}'::jsonb as user_data`,
      )
      expect([...rows]).toEqual([{ bigNumber: "9007199254740993", userData: { a_b: { c_d: 1 } } }])
    }))

  it("sends arrays of any texts and numbers as they are", () =>
    withClient({}, async (client) => {
      const text = fc.oneof(
        fc.string({ unit: fc.constantFrom("\\", '"', "n", "u", "\n", "{", "}", ",", "'", "é", "😀", " ") }),
        fc.json(),
        fc.constantFrom("NULL", "null", "", "\u2028", "\u007f", "\\u0041"),
      )
      const arrays = fc.record({
        texts: fc.array(fc.option(text), { maxLength: 20 }),
        floats: fc.array(fc.option(fc.double({ noNaN: true }).map((value) => value + 0)), { maxLength: 10 }),
        ints: fc.array(fc.integer(), { maxLength: 10 }),
      })
      const same = fc.asyncProperty(arrays, async ({ texts, floats, ints }) => {
        const [row] = await client.run(
          "arrays",
          (sql) =>
            sql`select ${texts as string[]}::text[] as texts, ${floats as number[]}::float8[] as floats, ${ints}::int[] as ints`,
        )
        expect(row).toEqual({ texts, floats, ints })
      })
      await fc.assert(same, { numRuns: 200 })
    }))

  it("sends and reads arrays of built-in types without asking the server for its types", () =>
    withClient({}, async (client) => {
      const texts = ['quo"te', "back\\slash", "comma,", "{brace}", "", "NULL", null, "ü\n"]
      const moments = ["2026-01-02T03:04:05.678Z", null]
      const [row] = await client.run(
        "arrays",
        (sql) => sql`
          select ${texts}::text[] as texts, ${[1, 2]}::int[] as ints, ${["1", "9007199254740993"]}::bigint[] as bigs,
            ${[]}::text[] as nothing, ${['{"a_b":[1]}', "null"]}::text[]::jsonb[] as jsons,
            ${sql.array([true, false])} as flags, ${moments}::timestamptz[] as moments,
            array[[1, 2], [3, 4]] as nested, '[0:1]={a,b}'::text[] as shifted, ${sql.array(["x"])} as helped
        `,
      )
      expect(row).toEqual({
        texts,
        ints: [1, 2],
        bigs: ["1", "9007199254740993"],
        nothing: [],
        jsons: [{ a_b: [1] }, null],
        flags: [true, false],
        moments: [new Date(moments[0]!), null],
        nested: [
          [1, 2],
          [3, 4],
        ],
        shifted: ["a", "b"],
        helped: ["x"],
      })
      expect(client.statements).toBe(1)
    }))
})

describe("settings", () => {
  it("works in Sluice's own schema, and keeps the planner on indexes when hot", () =>
    withClient({ hot: true }, async (client) => {
      const [row] = await client.run(
        "settings",
        (sql) => sql`
          select current_setting('search_path') as path, current_setting('enable_seqscan') as seqscan,
            current_setting('enable_hashjoin') as hashjoin, current_setting('application_name') as name
        `,
      )
      expect(row).toEqual({ path: "sluice", seqscan: "off", hashjoin: "off", name: "sluice client test" })
    }))

  it("sends no settings that PgBouncer refuses when statements are not prepared", () =>
    withClient({ prepare: false }, async (client) => {
      const [row] = await client.run(
        "settings",
        (sql) => sql`select current_setting('search_path') as path, ${1}::int as one`,
      )
      expect(row).toEqual({ path: '"$user", public', one: 1 })
    }))
})

describe("errors", () => {
  it("tells the server's refusals from what may be tried again", () =>
    withClient({}, async (client) => {
      const refused = await client.run("divide", (sql) => sql`select 1 / 0`).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(DatabaseError)
      expect(refused).toMatchObject({ operation: "divide", sqlState: "22012", retryable: false })
      const raised = await client
        .run("conflict", (sql) => sql.unsafe("do $$ begin raise sqlstate '40001'; end $$"))
        .catch((error: unknown) => error)
      expect(raised).toBeInstanceOf(DatabaseUnavailable)
      expect(raised).toMatchObject({ sqlState: "40001", retryable: true })
    }))

  it("keeps the connection after a refusal", () =>
    withClient({ max: 1 }, async (client) => {
      const pid = await backendPid(client)
      await expect(client.run("divide", (sql) => sql`select 1 / 0`)).rejects.toBeInstanceOf(DatabaseError)
      expect(await backendPid(client)).toBe(pid)
    }))

  it("refuses undefined parameters, and passes on what is not the database's", () =>
    withClient({}, async (client) => {
      const wrong = undefined as unknown as string
      await expect(client.run("undefined", (sql) => sql`select ${wrong}`)).rejects.toBeInstanceOf(
        DatabaseError,
      )
      await expect(client.run("own", () => Promise.reject(new RangeError("mine")))).rejects.toBeInstanceOf(
        RangeError,
      )
      expect(await client.run("after", (sql) => sql`select 1 as one`)).toHaveLength(1)
    }))

  it.each([
    ["a refused connection", "postgres://u:secret@127.0.0.1:1/db", /127\.0\.0\.1:1\/db refuses connections/],
    [
      "an unknown host",
      "postgres://u:secret@no-such-host.invalid/db",
      /no-such-host\.invalid:5432\/db cannot be found/,
    ],
  ])("says in one line what is wrong with %s", (_, url, message) =>
    withClient({ url }, async (client) => {
      const error = (await client
        .run("connect", (sql) => sql`select 1`)
        .catch((error: unknown) => error)) as Error
      expect(error).toBeInstanceOf(DatabaseUnavailable)
      expect(error.message).toMatch(message)
      expect(error.message).not.toMatch(/secret|\n/)
    }),
  )

  it("says in one line that the password is wrong, or the database is not there", async () => {
    const wrong = new URL(database.url)
    wrong.password = "guess"
    await withClient({ url: wrong.href }, (client) =>
      expect(client.run("connect", (sql) => sql`select 1`)).rejects.toThrow(/does not let user "sluice" in/),
    )
    const missing = new URL(database.url)
    missing.pathname = "/not_there"
    await withClient({ url: missing.href }, (client) =>
      expect(client.run("connect", (sql) => sql`select 1`)).rejects.toThrow(
        /database "not_there" does not exist/,
      ),
    )
  })

  it("refuses a URL that is not one of Postgres", () => {
    expect(() => createClient({ url: "mysql://x", max: 1, applicationName: "x" })).toThrow(
      /expected postgres:/,
    )
    expect(() => createClient({ url: "postgres://a:b:c@:x", max: 1, applicationName: "x" })).toThrow(
      DatabaseError,
    )
  })
})

describe("deadlines", () => {
  it("ends a call that takes too long, and its statement at the server", () =>
    withClient({ max: 1 }, async (client) => {
      const started = performance.now()
      const sleeping = client.run("sleep", (sql) => sql`select pg_sleep(600)`, { deadlineMs: 200 })
      await expect(sleeping).rejects.toThrow(/sleep: missed its deadline of 0.2 s/)
      expect(performance.now() - started).toBeLessThan(1_000)
      await expect.poll(() => sleepers(client), { timeout: 5_000 }).toBe(0)
    }))

  it("counts the wait for a connection, and loses none to a call that gave up waiting", () =>
    withClient({ max: 1 }, async (client) => {
      const long = client.run("sleep", (sql) => sql`select pg_sleep(0.4)`)
      await expect(client.run("wait", (sql) => sql`select 1`, { deadlineMs: 100 })).rejects.toThrow(
        /deadline/,
      )
      await long
      expect(await client.run("after", (sql) => sql`select 1 as one`)).toHaveLength(1)
    }))

  it("never opens more connections than it may", () =>
    withClient({ max: 3 }, async (client) => {
      const pids = await Promise.all(Array.from({ length: 60 }, () => backendPid(client)))
      expect(new Set(pids).size).toBeLessThanOrEqual(3)
    }))

  it("refuses calls once it is closed, after the running ones have ended", async () => {
    const client = createClient({ url: database.url, max: 1, applicationName: "x" })
    const running = client.run("sleep", (sql) => sql`select pg_sleep(0.1), 1 as one`)
    await client.close()
    expect(await running).toHaveLength(1)
    await expect(client.run("late", (sql) => sql`select 1`)).rejects.toThrow(/closed/)
  })
})

describe.runIf(spawnSync("openssl", ["version"]).status === 0)("TLS", () => {
  it("is used as sslmode says", async () => {
    const folder = reachableFolder("sluice-tls-")
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const place = openPlace(join(folder, "postgres"))
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "cert.pem")]
    makeCertificate(key, certificate)
    if (place.owner) chownSync(key, place.owner.uid, place.owner.gid)
    const { port } = await startServer(place, { ssl: "on", ssl_key_file: key, ssl_cert_file: certificate })
    onTestFinished(() => stopServer(place))
    const url = `postgres://${embeddedUser}:${passwordOf(place.password)}@127.0.0.1:${port}/postgres`
    const isEncrypted = (mode: string) =>
      withClient({ url: `${url}?sslmode=${mode}&channel_binding=prefer` }, async (client) => {
        const [row] = await client.run(
          "ssl",
          (sql) =>
            sql`select ssl, repeat('x', 1000000) as much from pg_stat_ssl where pid = pg_backend_pid()`,
        )
        return row!["ssl"] as boolean
      })
    expect(await isEncrypted("disable")).toBe(false)
    expect(await isEncrypted("prefer")).toBe(true)
    expect(await isEncrypted("require")).toBe(true)
    await expect(isEncrypted("verify-full")).rejects.toThrow(/self-signed/)
    const plain = `${database.url}?sslmode=require`
    await expect(withClient({ url: plain }, (client) => backendPid(client))).rejects.toThrow(
      /does not speak TLS/,
    )
    expect(
      await withClient({ url: `${database.url}?sslmode=prefer` }, (client) => backendPid(client)),
    ).toBeGreaterThan(0)
  })
})

describe("dying backends", () => {
  it("fails a call at once when its backend dies inside a transaction, and goes on", () =>
    withClient({ max: 1 }, async (client) => {
      for (let round = 0; round < 20; round++) {
        const call = client.run("transaction", (sql) =>
          sql.begin(async (transaction) => {
            await transaction`select pg_terminate_backend(pg_backend_pid())`
            await transaction`select 1`
          }),
        )
        await expect(call).rejects.toBeInstanceOf(DatabaseUnavailable)
      }
      expect(await client.run("after", (sql) => sql`select 1 as one`)).toHaveLength(1)
    }))

  it("survives its backends being killed while they read in pieces", () =>
    withClient({ max: 1 }, async (client) => {
      const call = client.run("cursor", async (sql) => {
        for await (const rows of sql`select pg_backend_pid() as pid, generate_series(1, 100)`.cursor(10)) {
          await withClient({}, (other) =>
            other.run("kill", (sql) => sql`select pg_terminate_backend(${rows[0]!["pid"]})`),
          )
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      })
      await expect(call).rejects.toBeInstanceOf(DatabaseUnavailable)
      expect(await client.run("after", (sql) => sql`select 1 as one`)).toHaveLength(1)
    }))

  it("keeps eight loops alive and their answers their own over 200 kills and restarts of the server", async () => {
    const folder = reachableFolder("sluice-kill-")
    const uncaught: unknown[] = []
    const watch = (error: unknown) => void uncaught.push(error)
    process.on("uncaughtException", watch).on("unhandledRejection", watch)
    try {
      const result = await killTest(join(folder, "postgres"))
      expect(uncaught).toEqual([])
      expect(result.wrongAnswers).toBe(0)
      expect(result.slowestMs).toBeLessThan(killDeadlineMs + 500)
      expect(result.kills).toBeGreaterThanOrEqual(200)
      expect(result.unexpected).toEqual([])
      // Every loop went on after the last kill.
      expect(Math.min(...result.doneAtTheEnd)).toBeGreaterThan(0)
    } finally {
      process.off("uncaughtException", watch).off("unhandledRejection", watch)
      rmSync(folder, { recursive: true, force: true })
    }
  }, 120_000)
})

const killDeadlineMs = 2_000
const killsWanted = 200
const loops = 8

/** Eight loops ask, a killer kills, and the server is stopped and started again twice in between. */
async function killTest(folder: string) {
  const place = openPlace(folder)
  const settings = { fsync: "off" }
  const { port } = await startServer(place, settings)
  const url = `postgres://${embeddedUser}:${passwordOf(place.password)}@127.0.0.1:${port}/postgres`
  const result = {
    kills: 0,
    failed: 0,
    done: 0,
    wrongAnswers: 0,
    slowestMs: 0,
    resets: 0,
    unexpected: [] as unknown[],
    doneAtTheEnd: [] as number[],
  }
  const client = createClient({ url, max: 4, applicationName: "victim", onReset: () => result.resets++ })
  const killer = createClient({ url, max: 1, applicationName: "killer" })
  const over = new AbortController()
  const doneBy = Array.from({ length: loops }, () => 0)

  async function loop(index: number) {
    for (let call = 0; !over.signal.aborted; call++) {
      const token = `${index}:${call}`
      const started = performance.now()
      try {
        const rows = await client.run(
          "ask",
          (sql) =>
            sql`select ${token}::text as token, pg_sleep(${Math.random() < 0.3 ? 0.005 : 0})::text as slept`,
          { deadlineMs: killDeadlineMs },
        )
        if (rows.length !== 1 || rows[0]!["token"] !== token) result.wrongAnswers++
        result.done++
        doneBy[index]!++
      } catch (error) {
        result.failed++
        if (!(error instanceof DatabaseUnavailable)) result.unexpected.push(error)
      }
      result.slowestMs = Math.max(result.slowestMs, performance.now() - started)
    }
  }

  async function kill() {
    const rows = await killer.run(
      "kill",
      (sql) => sql`
        select pg_terminate_backend(pid) as killed
        from pg_stat_activity
        where application_name = 'victim' and random() < 0.6
      `,
    )
    result.kills += rows.length
  }

  const running = Promise.all(Array.from({ length: loops }, (_, index) => loop(index)))
  for (let restarts = 0; restarts < 2 || result.kills < killsWanted;) {
    await kill()
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 25))
    if (restarts < 2 && result.kills > (killsWanted * (restarts + 1)) / 3) {
      await stopServer(place)
      await new Promise((resolve) => setTimeout(resolve, 300))
      await startServer(place, { ...settings, port: String(port) })
      restarts++
    }
  }
  const before = [...doneBy]
  await new Promise((resolve) => setTimeout(resolve, 500))
  over.abort()
  await running
  result.doneAtTheEnd = doneBy.map((done, index) => done - before[index]!)
  await Promise.all([client.close(), killer.close()])
  await stopServer(place)
  if (process.env["SLUICE_TEST_VERBOSE"]) console.log(result)
  return result
}

/** A temporary folder that the server's user can reach, so that all of its files are in it. */
function reachableFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix))
  chmodSync(folder, 0o755)
  return folder
}

function passwordOf(file: string): string {
  return readFileSync(file, "utf8").trim()
}

function makeCertificate(key: string, certificate: string): void {
  const kind = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -days 2"
  const made = spawnSync("openssl", [...kind.split(" "), "-keyout", key, "-out", certificate])
  if (made.status !== 0) throw new Error(made.stderr.toString())
}

async function backendPid(client: Client): Promise<number> {
  const [row] = await client.run("pid", (sql) => sql<{ pid: number }[]>`select pg_backend_pid() as pid`)
  return row!.pid
}

async function sleepers(client: Client): Promise<number> {
  const rows = await client.run(
    "sleepers",
    (sql) =>
      sql`select 1 from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()`,
  )
  return rows.length
}
