import type { Browser, CDPSession, Page, Response } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { eventually } from "../harness/eventually.ts"
import { startChromium } from "./harness/chromium.ts"
import { serveDemo, type Served } from "./harness/served.ts"
import { openPage, signIn } from "./harness/watched-page.ts"

/** With this set, the page is watched for so long while the map goes on: `SLUICE_LONG_MINUTES=10 npm run test:browser -- million`. */
const minutes = Number(process.env["SLUICE_LONG_MINUTES"] ?? 0)

const fast = 1_000_000

/** How often somebody who watches for long jumps elsewhere. */
const watchEveryMs = 5_000

/** What a view of a million may cost. */
const firstDataBytesMax = 100_000
const heapBytesMax = 150_000_000

let served: Served
let browser: Browser

beforeAll(async () => {
  ;[served, browser] = await Promise.all([serveDemo(), startChromium()])
})

afterAll(async () => {
  await browser.close()
  await served.close()
})

async function runTheMillion(): Promise<string> {
  const conf = { fast, slow_pages: minutes * 60 * 2 }
  const run = (await served.call("POST", "/dags/million/dagRuns", { logical_date: null, conf })) as {
    dag_run_id: string
  }
  const path = `/dags/million/dagRuns/${run.dag_run_id}`
  await eventually(
    "a million have ended",
    async () => {
      const { expansions } = (await served.call("GET", `${path}/expansions`)) as {
        expansions: { task_id: string; instances: { success: number; failed: number } }[]
      }
      const { success = 0, failed = 0 } = expansions.find((one) => one.task_id === "square")?.instances ?? {}
      return success + failed >= fast ? true : undefined
    },
    { deadlineMs: 600_000 },
  )
  return run.dag_run_id
}

/** Goes to an address as if for the first time but for the files, and says what it took until something is there. */
async function visit(page: Page, path: string, ready: string) {
  let bytes = 0
  const count = async (response: Response) => {
    const isData = response.url().includes("/api/v2/") && !response.url().endsWith("/events")
    if (isData) bytes += (await response.body().catch(() => Buffer.alloc(0))).length
  }
  const counting: Promise<void>[] = []
  const onResponse = (response: Response) => void counting.push(count(response))
  page.on("response", onResponse)
  const start = performance.now()
  await page.goto(path)
  await page.locator(ready).first().waitFor()
  const ms = Math.round(performance.now() - start)
  await page.locator(".skeleton").first().waitFor({ state: "detached" })
  await Promise.all(counting)
  page.off("response", onResponse)
  return { ms, bytes }
}

async function heapOf(session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.collectGarbage")
  const { metrics } = await session.send("Performance.getMetrics")
  return metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN
}

describe("a run of a million", () => {
  it(
    "is shown with little data, scrolled to its end, jumped into, and watched in little memory",
    async () => {
      const runId = await runTheMillion()
      const { page, faults } = await openPage(browser, served.url)
      await page.goto("/")
      await signIn(page, served)
      await page.getByRole("heading", { name: "Overview" }).waitFor()
      const runPath = `/dags/million/runs/${runId}`
      const run = await visit(page, runPath, "main [data-row]")
      const map = await visit(page, `${runPath}/tasks/square`, "[data-index='0']")
      expect(run.bytes).toBeLessThan(firstDataBytesMax)
      expect(map.bytes).toBeLessThan(firstDataBytesMax)
      const list = page.getByRole("list", { name: "Instances" })
      const jumped = performance.now()
      await page.getByRole("searchbox", { name: "Go to index" }).fill("777777")
      await page.keyboard.press("Enter")
      await page.locator("[data-index='777777']").waitFor()
      const jump = Math.round(performance.now() - jumped)
      await list.evaluate((element) => {
        element.scrollTop = element.scrollHeight
      })
      const lastShown = () =>
        page
          .locator("[data-index]")
          .evaluateAll((rows) => Math.max(...rows.map((row) => Number(row.getAttribute("data-index")))))
      await expect.poll(lastShown).toBeGreaterThanOrEqual(fast - 1)
      await page.getByRole("button", { name: /failed/ }).click()
      await page.locator("[data-index='49999']").waitFor()
      const session = await page.context().newCDPSession(page)
      await session.send("Performance.enable")
      await page.goto(`${runPath}/tasks/square?at=777777`)
      await page.locator("[data-index='777777']").waitFor()
      const heaps = [await heapOf(session)]
      const until = performance.now() + minutes * 60_000
      while (performance.now() < until) {
        const index = Math.floor(Math.random() * fast)
        await page.getByRole("searchbox", { name: "Go to index" }).fill(String(index))
        await page.keyboard.press("Enter")
        await page.locator(`[data-index='${index}']`).waitFor()
        // Once in a while, as somebody does who watches.
        await page.waitForTimeout(watchEveryMs)
        heaps.push(await heapOf(session))
      }
      console.log(
        JSON.stringify({
          minutes,
          run,
          map,
          jumpMs: jump,
          heapMB: { first: mega(heaps[0]), last: mega(heaps.at(-1)), most: mega(Math.max(...heaps)) },
        }),
      )
      expect(Math.max(...heaps)).toBeLessThan(heapBytesMax)
      expect(faults).toEqual([])
      await page.context().close()
    },
    900_000 + minutes * 120_000,
  )
})

function mega(bytes: number | undefined): number {
  return Math.round((bytes ?? 0) / 100_000) / 10
}
