/**
 * A list of the API costs the same at a million instances as at a thousand, the run list at least half of what bare Hono
 * does in the same time, and a thousand clients that watch one run live take no more memory the longer they watch.
 *
 * Requests go over HTTP to a process of its own, in turns between the two sizes, or between the two servers.
 */
import { readFileSync } from "node:fs"
import { Agent, get, type IncomingMessage } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import type { ApiAnswer, ApiQuestion } from "./harness/api-process.ts"
import { type BenchContext, format } from "./harness/bench.ts"
import { type Child, startChild } from "./harness/child.ts"
import { openControl } from "./harness/control.ts"
import { startEngine } from "./harness/engine.ts"
import { median, quantile } from "./harness/statistics.ts"

const smallItems = 1_000
const itemsDefault = 1_000_000
const smokeItems = 5_000
const requestsDefault = 300
const smokeRequests = 3
const warmUpRequests = 20
const smokeWarmUpRequests = 1
const ratioMax = 1.5

const runs = 200
/** More than a page. */
const smokeRuns = 55
const rateTurns = 5
const rateMs = 2_000
const lanes = 16
const rateRatioMin = 0.5

const clientsDefault = 1_000
/** Clients that take nothing: what they are sent must not pile up. */
const deafShare = 0.01
const watchSeconds = 45
const settleSeconds = 10
const watchedItemMs = 20
const memoryRatioMax = 1.15

export const name = "api"
export const claim = `lists cost ≤ ${ratioMax} at 1M instances of what they do at 1k; ≥ ${rateRatioMin} of bare Hono; 1,000 live clients in flat memory`

/** Runs the bench. */
export async function run(context: BenchContext): Promise<void> {
  await lists(context)
  await rates(context)
  await clients(context)
}

type Api = Child<ApiQuestion, ApiAnswer> & { readonly where: ApiAnswer }

async function startApi(url: string): Promise<Api> {
  const child = startChild<ApiQuestion, ApiAnswer>("./api-process.ts", { args: [url] })
  return { ...child, where: await child.ask("api") }
}

/** Every list, with the ways to ask for it whose cost could grow. `N` stands for a place near the end. */
const listPaths = [
  "/dags",
  "/dags/flat/dagRuns",
  "/dags/flat/dagRuns?order_by=-start_date",
  "/dags/~/dagRuns?cursor=",
  "/dags/flat/tasks",
  "/dags/flat/dagVersions",
  "/dagTags",
  "/dagStats",
  "/importErrors",
  "/jobs",
  "/eventLogs",
  "/backfills?dag_id=flat",
  "RUN/taskInstances?limit=100",
  "RUN/taskInstances?limit=100&offset=N",
  "RUN/taskInstances?limit=100&state=success",
  "RUN/taskInstances?limit=100&state=failed",
  "RUN/taskInstances?limit=100&cursor=",
  "RUN/taskInstances/noop/listMapped?limit=100&offset=N",
  "RUN/taskInstances/noop/0/tries",
  "RUN/taskInstances/noop/xcomEntries?map_index=N",
  "RUN/expansions",
  "RUN/expansions/noop/instances?limit=100",
  "RUN/expansions/noop/instances?limit=100&after=N",
  "RUN/expansions/noop/instances?limit=100&state=failed",
  // The small run has one page: both show as many.
  "RUN/expansions/noop/pages?limit=1",
  "RUN/expansions/noop/results?limit=100",
]

/** The same lists at both sizes. */
async function lists(context: BenchContext): Promise<void> {
  const items = context.items ?? (context.isSmoke ? smokeItems : itemsDefault)
  const requests = context.isSmoke ? smokeRequests : requestsDefault
  const sizes = [smallItems, items]
  const apis: Api[] = []
  for (const size of sizes) apis.push(await populate(context, size))
  const [small, large] = apis as [Api, Api]
  const ratios: { path: string; p50: number; p95: number }[] = []
  for (const path of listPaths) {
    const urls = [small, large].map(({ where }, place) => {
      const full = path
        .replace("RUN", "/dags/flat/dagRuns/latest")
        .replace("=N", `=${(sizes[place] ?? 0) - 200}`)
      return { url: `${where.url}/api/v2${full}`, token: where.token, ms: [] as number[] }
    })
    const warmUp = context.isSmoke ? smokeWarmUpRequests : warmUpRequests
    for (let nth = -warmUp; nth < requests; nth++)
      for (const one of urls) {
        const took = await timed(one)
        if (nth >= 0) one.ms.push(took)
      }
    const [fewMs, manyMs] = urls.map(({ ms }) => ms) as [number[], number[]]
    const figures = {
      fewP50: median(fewMs),
      manyP50: median(manyMs),
      fewP95: quantile(fewMs, 0.95),
      manyP95: quantile(manyMs, 0.95),
    }
    context.record({ kind: "list", path, items, ...figures })
    context.say(
      `  ${path.padEnd(58)} p50 ${format(figures.fewP50)} → ${format(figures.manyP50)} ms, p95 ${format(figures.fewP95)} → ${format(figures.manyP95)} ms`,
    )
    ratios.push({ path, p50: figures.manyP50 / figures.fewP50, p95: figures.manyP95 / figures.fewP95 })
  }
  for (const share of ["p50", "p95"] as const) {
    const worst = ratios.toSorted((a, b) => b[share] - a[share])[0]
    if (worst !== undefined)
      context.hold({ figure: `worst ${share}, of ${worst.path}`, value: worst[share], atMost: ratioMax })
  }
  await Promise.all(apis.map((api) => api.stop()))
}

/** A database with one run of so many instances, and the API over it. */
async function populate(context: BenchContext, items: number): Promise<Api> {
  const url = await context.server.createDatabase(`api_${items}`)
  const engine = startEngine(context.server, url)
  const control = openControl(url)
  try {
    await engine.run({ dagId: "small", conf: { items: 10 } })
    const { state } = await control.untilEnded(await control.start("flat", "latest", { items }))
    if (state !== "success") throw new Error(`the run of ${items} items ended ${state}`)
    await control.client.run("analyze", (sql) => sql`vacuum analyze`, { deadlineMs: 120_000 })
  } finally {
    await control.close()
    await engine.stop()
  }
  return startApi(url)
}

interface Target {
  readonly url: string
  readonly token: string
}

/** How long an answer takes to its last byte. */
async function timed({ url, token }: Target): Promise<number> {
  const startedAt = performance.now()
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 300)}`)
  return performance.now() - startedAt
}

/** The run list against bare Hono, in turns. */
async function rates(context: BenchContext): Promise<void> {
  const url = await context.server.createDatabase("api_rates")
  const engine = startEngine(context.server, url)
  const control = openControl(url)
  await engine.run({ dagId: "small", conf: { items: 1 } })
  const started = []
  for (let nth = 0; nth < (context.isSmoke ? smokeRuns : runs); nth++)
    started.push(await control.start("flat", `run-${nth}`, { items: 1 }))
  for (const run of started) await control.untilEnded(run)
  await control.close()
  await engine.stop()
  const api = await startApi(url)
  const { token } = api.where
  const own = { url: `${api.where.url}/api/v2/dags/flat/dagRuns`, token }
  const bytes = await textOf(own)
  const like = JSON.stringify((JSON.parse(bytes) as { dag_runs: unknown[] }).dag_runs[0])
  const bare = { url: (await api.ask({ dagId: "flat", like })).url, token }
  if ((await textOf(bare)) !== bytes) throw new Error("bare Hono does not answer with the same bytes")
  const seen = { own: [] as number[], bare: [] as number[] }
  const ms = context.isSmoke ? 100 : rateMs
  for (const target of [own, bare]) await rateOf(target, ms)
  for (let turn = 0; turn < (context.isSmoke ? 1 : rateTurns); turn++) {
    seen.own.push(await rateOf(own, ms))
    seen.bare.push(await rateOf(bare, ms))
  }
  await api.stop()
  const [ownRate, bareRate] = [median(seen.own), median(seen.bare)]
  context.say(
    `  run list: ${format(ownRate)} requests/s, bare Hono ${format(bareRate)}, ${bytes.length} bytes`,
  )
  context.record({ kind: "rate", ownRate, bareRate, bytes: bytes.length })
  context.hold({ figure: "run list against bare Hono", value: ownRate / bareRate, atLeast: rateRatioMin })
}

async function textOf({ url, token }: Target): Promise<string> {
  return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).text()
}

/** Answers a second, several asked for at once. */
async function rateOf(target: Target, ms: number): Promise<number> {
  const startedAt = performance.now()
  let answers = 0
  const lane = async () => {
    while (performance.now() - startedAt < ms) {
      await timed(target)
      answers += 1
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return (answers * 1_000) / (performance.now() - startedAt)
}

/** A thousand clients on one run while it goes on; some of them take nothing. */
async function clients(context: BenchContext): Promise<void> {
  const count = context.isSmoke ? 50 : clientsDefault
  const seconds = context.isSmoke ? 3 : watchSeconds
  const settle = context.isSmoke ? 1 : settleSeconds
  const url = await context.server.createDatabase("api_clients")
  const engine = startEngine(context.server, url)
  const control = openControl(url)
  const api = await startApi(url)
  await engine.run({ dagId: "small", conf: { items: 10 } })
  const items = context.isSmoke ? 50_000 : 1_000_000
  const run = await control.start("slow", "watched", { items, itemMs: watchedItemMs })
  await control.untilMap(run, (map) => map.success > 0)
  const before = rssBytes(api.pid)
  const watched = await watch({ ...api.where, count, deaf: Math.ceil(count * deafShare) })
  await sleep(settle * 1_000)
  const rss: number[] = []
  for (const until = performance.now() + seconds * 1_000; performance.now() < until; await sleep(500))
    rss.push(rssBytes(api.pid))
  const third = Math.ceil(rss.length / 3)
  const [early, late] = [median(rss.slice(0, third)), median(rss.slice(-third))]
  const chunks = watched.chunks()
  watched.close()
  await control.cancel(run)
  await api.stop()
  await engine.stop()
  await control.close()
  const perClient = (median(rss) - before) / count
  context.say(
    `  ${count} clients on one run: ${format(early / 1e6)} MB, after ${seconds} s ${format(late / 1e6)} MB (${format(before / 1e6)} without them, ` +
      `${format(perClient / 1e3)} kB each); each was told ${format(median(chunks))} times, at least ${Math.min(...chunks)}`,
  )
  context.record({ kind: "clients", count, before, early, late, perClient, told: median(chunks) })
  context.hold({ figure: "memory late against early", value: late / early, atMost: memoryRatioMax })
  context.hold({ figure: "times that each was told", value: Math.min(...chunks), atLeast: 1, always: true })
}

/** Opens clients; gives how often each that listens was told something. */
async function watch({ url, token, count, deaf }: ApiAnswer & { count: number; deaf: number }) {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
  const headers = { authorization: `Bearer ${token}` }
  const chunks: number[] = Array.from({ length: count - deaf }, () => 0)
  const answers: IncomingMessage[] = []
  const open = (nth: number) =>
    new Promise<void>((resolve, reject) => {
      const request = get(`${url}/api/v2/dags/slow/dagRuns/watched/events`, { agent, headers }, (answer) => {
        if (answer.statusCode !== 200) return reject(new Error(`a client was answered ${answer.statusCode}`))
        answers.push(answer)
        answer.on("error", () => {})
        if (nth < chunks.length) answer.on("data", () => (chunks[nth] = (chunks[nth] ?? 0) + 1))
        else answer.pause()
        resolve()
      })
      request.on("error", reject)
    })
  await Promise.all(Array.from({ length: count }, (_, nth) => open(nth)))
  return {
    chunks: () => chunks,
    close: () => {
      for (const answer of answers) answer.destroy()
      agent.destroy()
    },
  }
}

function rssBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024
}
