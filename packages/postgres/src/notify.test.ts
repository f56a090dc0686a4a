import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest"
import { type Client, createClient } from "./client.ts"
import { createNotifier, type Notifier, payloadBytesMax } from "./notify.ts"
import { type TestDatabase, testDatabase } from "./testing.ts"

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase({ migrated: false })
})
afterAll(() => database.drop())

/** A process of its own, as far as the database can tell. */
function member(name: string): { client: Client; notifier: Notifier } {
  const client = createClient({ url: database.url, max: 1, applicationName: name })
  const notifier = createNotifier({ client, url: database.url, applicationName: name })
  onTestFinished(async () => {
    await notifier.close()
    await client.close()
  })
  return { client, notifier }
}

/** Subscribes and waits until nothing can be missed any more. */
async function listening(notifier: Notifier, channel: string) {
  const heard: (readonly string[])[] = []
  const stop = notifier.subscribe(channel, (payloads) => heard.push(payloads))
  await expect.poll(() => heard.length).toBe(1)
  expect(heard.pop()).toEqual([])
  return { heard, stop }
}

it("tells listeners of the same process at once and once, and those of others soon", async () => {
  const [here, there] = [member("here"), member("there")]
  const near = await listening(here.notifier, "news")
  const far = await listening(there.notifier, "news")
  here.notifier.signal("news", "a")
  expect(near.heard).toEqual([["a"]])
  await expect.poll(() => far.heard).toEqual([["a"]])
  here.notifier.signal("news")
  await expect.poll(() => far.heard).toEqual([["a"], []])
  expect(near.heard).toEqual([["a"], []])
})

it("sends few notifications for many signals, each distinct payload once", async () => {
  const [here, there] = [member("here"), member("there")]
  const far = await listening(there.notifier, "busy")
  const before = here.client.statements
  const payloads = Array.from({ length: 40 }, (_, index) => `run_${index}`)
  const started = performance.now()
  for (const payload of [...payloads, ...payloads]) here.notifier.signal("busy", payload)
  await expect.poll(() => far.heard.flat().sort()).toEqual([...payloads].sort())
  for (let index = 0; index < 20; index++) {
    here.notifier.signal("busy", `later_${index}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await expect.poll(() => far.heard.flat()).toHaveLength(60)
  const intervals = (performance.now() - started) / 10
  expect(here.client.statements - before).toBeLessThanOrEqual(Math.ceil(intervals) + 1)
  expect(here.client.statements - before).toBeLessThan(15)
})

it("sends something that fits when the payloads do not", async () => {
  const [here, there] = [member("here"), member("there")]
  const far = await listening(there.notifier, "large")
  here.notifier.signal("large", "x".repeat(payloadBytesMax))
  await expect.poll(() => far.heard).toEqual([[]])
  for (let index = 0; index < 5_000; index++) here.notifier.signal("large", `key_${index}`)
  await expect.poll(() => far.heard).toEqual([[], []])
})

it("hears what a statement notifies by itself", async () => {
  const { client, notifier } = member("here")
  const { heard } = await listening(notifier, "plain")
  await client.run("notify", (sql) => sql`select pg_notify('plain', 'run_1234'), pg_notify('plain', '')`)
  await expect.poll(() => heard).toEqual([["run_1234"], []])
})

it("listens again after its backend was killed, and tells listeners to look", async () => {
  const [here, there] = [member("here"), member("there")]
  const far = await listening(there.notifier, "kept")
  for (let round = 1; round <= 5; round++) {
    await here.client.run(
      "kill",
      (sql) =>
        sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'there listen'`,
    )
    await expect.poll(() => far.heard, { timeout: 5_000 }).toContainEqual([])
    far.heard.length = 0
    here.notifier.signal("kept", `round_${round}`)
    await expect.poll(() => far.heard).toEqual([[`round_${round}`]])
    far.heard.length = 0
  }
})

it("hears nothing any more after unsubscribing, and new channels while it listens", async () => {
  const [here, there] = [member("here"), member("there")]
  const first = await listening(there.notifier, "first")
  const second = await listening(there.notifier, "second")
  first.stop()
  here.notifier.signal("first", "a")
  here.notifier.signal("second", "b")
  await expect.poll(() => second.heard).toEqual([["b"]])
  expect(first.heard).toEqual([])
})

it("does not throw when the database is away, and sends what was pending before it closes", async () => {
  const gone = createClient({ url: "postgres://u:p@127.0.0.1:1/db", max: 1, applicationName: "gone" })
  const notifier = createNotifier({
    client: gone,
    url: "postgres://u:p@127.0.0.1:1/db",
    applicationName: "gone",
  })
  notifier.subscribe("any", () => undefined)
  notifier.signal("any", "x")
  await new Promise((resolve) => setTimeout(resolve, 100))
  await notifier.close()
  await gone.close()

  const there = member("there")
  const far = await listening(there.notifier, "last")
  const client = createClient({ url: database.url, max: 1, applicationName: "brief" })
  const brief = createNotifier({ client, url: database.url, applicationName: "brief" })
  brief.signal("last", "word")
  await brief.close()
  await client.close()
  await expect.poll(() => far.heard).toEqual([["word"]])
})
