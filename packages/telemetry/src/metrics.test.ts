import { HostLost, type HostPool } from "@sluice/core/engine"
import {
  claimOne,
  complete,
  createRun,
  failed,
  items,
  mapped,
  openStream,
  retried,
} from "@sluice/core/testing"
import { makeMemoryStore } from "@sluice/core/store"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import {
  countHosts,
  countStore,
  countTurns,
  makeMetrics,
  readLiveMetrics,
  readMetrics,
  serveMetrics,
} from "./index.ts"

/** The samples of a text, by name with labels. */
function samplesOf(text: string): Record<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
  return Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(" ")),
      Number(line.slice(line.lastIndexOf(" ") + 1)),
    ]),
  )
}

async function setup() {
  const metrics = makeMetrics()
  const store = countStore(makeMemoryStore(), metrics)
  const read = async () => samplesOf((await readMetrics(metrics)).text)
  return { metrics, store, read }
}

const run = (runId: string) => ({ dagId: "d", runId, tasks: [mapped("load")] })

describe("a counted store", () => {
  it("does what it did, and counts calls, failures, pages, leases and outcomes", async () => {
    const { metrics, store, read } = await setup()
    const { run: made, ids } = await createRun({ store } as never, run("r"))
    const map = await openStream(store, made.id, ids["load"]!)
    await map.commit(items(10))
    await complete(store, await claimOne(store, { sizeDefault: 6 }), { exceptions: [failed(1), retried(2)] })
    await expect(Effect.runPromise(store.dagRun({ dagId: "d", runId: "none" }))).rejects.toMatchObject({
      _tag: "NotFound",
    })
    store.wake("due")
    const samples = await read()
    expect(samples).toMatchObject({
      sluice_pages_committed_total: 1,
      sluice_items_committed_total: 10,
      sluice_leases_claimed_total: 1,
      'sluice_claim_wait_seconds_count{kind="page"}': 1,
      'sluice_items_recorded_total{state="success"}': 4,
      'sluice_items_recorded_total{state="failed"}': 1,
      'sluice_items_recorded_total{state="up_for_retry"}': 1,
      'sluice_store_call_seconds_count{operation="complete"}': 1,
      'sluice_store_errors_total{operation="dagRun",error="NotFound"}': 1,
    })
    const live = samplesOf((await readLiveMetrics(metrics, store)).text)
    expect(live).toMatchObject({
      'sluice_runs{state="running"}': 1,
      'sluice_items{state="waiting"}': 5,
      sluice_window_used: 5,
    })
  })

  it("has no more series after many runs than after one", async () => {
    const { metrics, store, read } = await setup()
    const work = async (runId: string) => {
      const { run: made, ids } = await createRun({ store } as never, run(runId))
      const map = await openStream(store, made.id, ids["load"]!)
      await map.commit(items(3), { exhausted: true })
      await complete(store, await claimOne(store))
      await readLiveMetrics(metrics, store)
    }
    await work("first")
    const before = Object.keys(await read())
    for (let nth = 0; nth < 20; nth++) await work(`run ${nth}`)
    expect(Object.keys(await read())).toEqual(before)
  })
})

describe("counted hosts", () => {
  it("tell of leases, pulls and losses", async () => {
    const { metrics, read } = await setup()
    const lost = new HostLost("it went", { wasAlone: true, afterMs: 1 })
    const hosts = { run: () => Promise.reject(lost), pull: () => Promise.resolve("a page") }
    const counted = countHosts(hosts as unknown as HostPool, metrics)
    await expect(counted.run({} as never)).rejects.toBe(lost)
    expect(await counted.pull({} as never)).toBe("a page")
    metrics.ofHosts(() => 3)
    expect(await read()).toMatchObject({
      sluice_hosts: 3,
      sluice_hosts_lost_total: 1,
      sluice_leases_running: 0,
      sluice_lease_seconds_count: 1,
      'sluice_pull_seconds_count{result="page"}': 1,
    })
  })
})

describe("a metrics server", () => {
  it("tells this machine what is counted, and nothing else", async () => {
    const { metrics } = await setup()
    countTurns(metrics)("scheduler", { workedMs: 20, isFailed: true })
    const server = await serveMetrics(0, () => readMetrics(metrics))
    const answer = await fetch(server.url)
    expect(answer.headers.get("content-type")).toContain("text/plain")
    expect(samplesOf(await answer.text())).toMatchObject({
      'sluice_turn_seconds_bucket{le="0.025",loop="scheduler"}': 1,
      'sluice_turn_failures_total{loop="scheduler"}': 1,
    })
    expect((await fetch(new URL("/", server.url))).status).toBe(404)
    await server.close()
    await expect(fetch(server.url)).rejects.toThrow("fetch failed")
  })
})
