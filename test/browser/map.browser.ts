import { readFileSync } from "node:fs"
import type { Browser, Download, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startChromium } from "./harness/chromium.ts"
import { serveDemo, type Served } from "./harness/served.ts"
import { openPage, signIn, type WatchedPage } from "./harness/watched-page.ts"

let served: Served
let browser: Browser

beforeAll(async () => {
  ;[served, browser] = await Promise.all([serveDemo(), startChromium()])
})

afterAll(async () => {
  await browser.close()
  await served.close()
})

/** Pauses a map, or lets it go on. */
const setPaused = (runId: string, taskId: string, isPaused: boolean) =>
  served.call("PATCH", `/dags/users_sync/dagRuns/${runId}/expansions/${taskId}`, {
    is_running_paused: isPaused,
  })

/** A run of the lazy maps, and the page of one of its tasks, which is paused from the start if that is asked. */
async function openTask(
  conf: object,
  taskId = "upsert",
  { isPaused = false, ...look }: { isPaused?: boolean } & Parameters<typeof openPage>[2] = {},
): Promise<WatchedPage & { runPath: string; runId: string }> {
  const run = (await served.call("POST", "/dags/users_sync/dagRuns", { logical_date: null, conf })) as {
    dag_run_id: string
  }
  const runId = run.dag_run_id
  if (isPaused) await setPaused(runId, taskId, true)
  const runPath = `/dags/users_sync/runs/${runId}`
  const watched = await openPage(browser, served.url, look)
  await watched.page.goto(`${runPath}/tasks/${taskId}`)
  await signIn(watched.page, served)
  await watched.page.getByRole("heading", { name: taskId, exact: true }).waitFor()
  return { ...watched, runPath, runId }
}

const figure = (page: Page, name: string) => page.locator(`[data-figure="${name}"]`)
const field = (page: Page, name: string) => page.getByRole("searchbox", { name, exact: true })
const shownIndexes = (page: Page) =>
  page
    .locator("[data-index]")
    .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute("data-index"))))
/** The lines of a file that was downloaded. */
async function linesOf(download: Download): Promise<string[]> {
  expect(download.suggestedFilename()).toMatch(/^users_sync\..*\.enrich\.ndjson$/)
  return readFileSync(await download.path(), "utf8")
    .trimEnd()
    .split("\n")
}

const numberIn = (text: string) => Number(text.replaceAll(/[^\d]/g, ""))

describe("a lazy map", () => {
  it("is watched to its end, honest about a total that nobody knows yet", async () => {
    // Its window is full until it is let go: so however slow this browser is, it sees the middle of it.
    const open = { isPaused: true }
    const { page, faults, expectAccessible, runId } = await openTask({ users: 700 }, "upsert", open)
    await expect.poll(() => figure(page, "Discovered").innerText()).toMatch(/^≥ /)
    await page.getByText("When it ends cannot be known: the source goes on.").waitFor()
    await expectAccessible("a map that runs")
    await setPaused(runId, "upsert", false)
    await expect.poll(() => figure(page, "Discovered").innerText()).toBe("700")
    await expect.poll(() => figure(page, "Done").innerText()).toBe("700")
    await page
      .getByText(/It ended after/)
      .first()
      .waitFor()
    // Whoever comes later sees the same rates: they are not this tab's.
    const later = await page.context().newPage()
    await later.goto(page.url())
    await later.getByRole("img", { name: "Rates: source, ended" }).waitFor()
    await later.close()
    expect(faults).toEqual([])
    await page.context().close()
  })

  it("is paused, resized and resumed, at once", async () => {
    const { page, faults, expectAccessible } = await openTask({ users: 5_000, page_ms: 20, item_ms: 40 })
    await page.getByRole("button", { name: "Pause", exact: true }).click()
    await page.getByRole("menuitem", { name: "Pause reading and running" }).click()
    await page.getByText("Paused: waits to be resumed").waitFor()
    await expect.poll(async () => numberIn(await figure(page, "Running").innerText())).toBe(0)
    const done = await figure(page, "Done").innerText()
    await page.getByRole("button", { name: "Limits" }).click()
    await expectAccessible("the limits")
    await page.getByRole("textbox", { name: "Window" }).fill("60")
    await page.getByRole("textbox", { name: "Concurrency" }).fill("3")
    await page.getByRole("button", { name: "Set limits" }).click()
    await expect.poll(() => page.locator("[data-gauge=Window]").innerText()).toContain("of 60")
    expect(await figure(page, "Done").innerText()).toBe(done)
    await page.getByRole("button", { name: "Resume" }).click()
    await expect
      .poll(async () => numberIn(await figure(page, "Done").innerText()))
      .toBeGreaterThan(numberIn(done))
    await page.getByRole("button", { name: "Cancel", exact: true }).click()
    await page.getByRole("button", { name: "Cancel the map" }).click()
    await page.locator("header").getByText("cancelled").waitFor()
    expect(faults).toEqual([])
    await page.context().close()
  })

  it("shows what failed and why, opens one with its log, and redrives them", async () => {
    const { page, faults, expectAccessible, runPath } = await openTask({ users: 60, fail_every: 10 })
    await expect.poll(() => figure(page, "Failed").innerText()).toBe("6")
    await page.getByRole("link", { name: /Errors/ }).click()
    await page.getByText("InvalidAddress").first().waitFor()
    await expectAccessible("the errors of a map")
    await page.getByRole("link", { name: "Instances" }).click()
    await page.getByRole("button", { name: /failed/ }).click()
    await expect.poll(() => page.locator("[data-index]").count()).toBe(6)
    await page.locator("[data-index='9']").click()
    await page.getByRole("heading", { name: /upsert 9/ }).waitFor()
    await page.getByText("the address of user-00009 is refused").first().waitFor()
    await page.getByText('"name": "user-00009"').waitFor()
    await expectAccessible("an instance")
    await page.getByLabel("Level").selectOption("error")
    await expect.poll(() => page.getByText("upserting user-00009").count()).toBe(0)
    expect(new URL(page.url()).search).toContain("level=error")
    await page.getByRole("button", { name: "Next failed" }).waitFor()
    await page.keyboard.press("n")
    await page.getByRole("heading", { name: /upsert 19/ }).waitFor()
    await page.keyboard.press("ArrowRight")
    await page.getByRole("heading", { name: /upsert 20/ }).waitFor()
    await page.goto(`${runPath}/tasks/upsert?tab=errors`)
    await page.getByRole("link", { name: "Show them" }).first().click()
    // Of its class, which is told by the words of the message: where the user lives.
    await expect.poll(() => shownIndexes(page)).toEqual([9, 39])
    await page.getByRole("button", { name: "Show all" }).click()
    await field(page, "Error").fill("user-00029")
    await page.keyboard.press("Enter")
    await expect.poll(() => shownIndexes(page)).toEqual([29])
    await page.getByRole("checkbox", { name: "Tick 29" }).check()
    await page.getByRole("button", { name: "Show all" }).click()
    await page.getByRole("button", { name: /failed/ }).click()
    await page.getByRole("checkbox", { name: "Tick 39" }).check()
    await page.getByRole("checkbox", { name: "Tick 59" }).click({ modifiers: ["Shift"] })
    await page.getByText("4 ticked").waitFor()
    await expectAccessible("ticked instances")
    await page.getByRole("button", { name: "Run again" }).click()
    await expect.poll(() => page.locator("[data-preview]").innerText()).toBe("4 instances would run again.")
    await page.getByRole("button", { name: "Run 4 again" }).click()
    await page.getByText("4 instances of upsert run again.", { exact: true }).waitFor()
    expect(await page.getByText("4 ticked").count()).toBe(0)
    await expect.poll(() => figure(page, "Failed").innerText()).toBe("6")
    // What the list shows is what a redrive begins with.
    await page.goto(`${runPath}/tasks/upsert?state=failed,success&from=20&to=40`)
    await page.getByRole("button", { name: "Redrive" }).click()
    await expect.poll(() => page.locator("[data-preview]").innerText()).toBe("20 instances would run again.")
    await page.getByRole("button", { name: "Close" }).first().click()
    await page.goto(`${runPath}/tasks/upsert`)
    await page.getByRole("button", { name: "Redrive" }).click()
    await expect.poll(() => page.locator("[data-preview]").innerText()).toBe("6 instances would run again.")
    await expectAccessible("the redrive")
    await page.getByRole("button", { name: "Run 6 again" }).click()
    await page.getByText("6 instances of upsert run again.", { exact: true }).waitFor()
    await expect.poll(() => figure(page, "Failed").innerText()).toBe("6")
    await page.goto(`${runPath}/tasks/upsert/9`)
    await page.getByText(/try 4 of/).waitFor()
    expect(faults).toEqual([])
    await page.context().close()
  })

  it("is found by index and by key, and looked at closer", async () => {
    const { page, faults } = await openTask({ users: 700 })
    await expect.poll(() => figure(page, "Done").innerText()).toBe("700")
    await page.keyboard.press("/")
    await page.keyboard.type("555\n")
    await page.locator("[data-index='555']").waitFor()
    expect(new URL(page.url()).search).toBe("?at=555")
    await field(page, "Key").fill("user-123")
    await page.keyboard.press("Enter")
    await page.locator("[data-index='123']").waitFor()
    expect(await page.locator("[data-index]").count()).toBe(1)
    await page.getByRole("button", { name: "Show all" }).click()
    await field(page, "Label").fill("user-0004")
    await page.keyboard.press("Enter")
    await expect.poll(() => shownIndexes(page)).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48, 49])
    await field(page, "From index").fill("45")
    await page.keyboard.press("Enter")
    await field(page, "To index").fill("47")
    await page.keyboard.press("Enter")
    await expect.poll(() => shownIndexes(page)).toEqual([45, 46, 47])
    expect(new URL(page.url()).search).toBe("?label=user-0004&from=45&to=48")
    await page.reload()
    await expect.poll(() => shownIndexes(page)).toEqual([45, 46, 47])
    await page.getByRole("button", { name: "Show all" }).click()
    await page.getByRole("button", { name: "Closer" }).click()
    await page.getByText(/one by one/).waitFor()
    expect(faults).toEqual([])
    await page.context().close()
  })

  it("gives its results as a table and as files", async () => {
    const conf = { users: 120, fail_every: 100 }
    const { page, faults, expectAccessible, runPath, runId } = await openTask(conf, "enrich", {
      isPaused: true,
    })
    await page.goto(`${runPath}/tasks/enrich?tab=results`)
    await page.getByText("No result is there yet").waitFor()
    await page.getByRole("button", { name: "Follow" }).click()
    await setPaused(runId, "enrich", false)
    await page.getByText("120 read, the end").waitFor()
    await page.getByText("region", { exact: true }).waitFor()
    await page.getByRole("button", { name: "JSON", exact: true }).click()
    await page.getByRole("button", { name: '{"id":3,' }).click()
    await page.getByLabel("Result 3").getByText('"region": "other"').waitFor()
    expect(new URL(page.url()).search).toBe("?tab=results&as=json&at=3")
    await expectAccessible("the results of a map")
    await page.keyboard.press("Escape")
    await page.getByLabel("Result 3").waitFor({ state: "detached" })

    // Where the browser cannot write to a file as it comes, it is a download.
    await page.evaluate(() => Object.assign(globalThis, { showSaveFilePicker: undefined }))
    const begun = page.waitForEvent("download")
    await page.getByRole("button", { name: "NDJSON" }).click()
    const lines = await linesOf(await begun)
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      ...Array.from({ length: 99 }, (_, id) => ({ type: "result", map_index: id, value: { id } })),
      { type: "gap", map_index: 99, reason: "upstream_failed" },
      ...Array.from({ length: 20 }, (_, at) => ({ type: "result", value: { id: 100 + at } })),
      { type: "end" },
    ])

    // Where it can, the file is written piece by piece.
    await page.evaluate(() => {
      const written: string[] = []
      const createWritable = () => new WritableStream({ write: (piece) => void written.push(decode(piece)) })
      const decode = (piece: Uint8Array) => new TextDecoder().decode(piece)
      const showSaveFilePicker = async () => ({ createWritable: async () => createWritable() })
      Object.assign(globalThis, { written, showSaveFilePicker })
    })
    await page.getByRole("button", { name: "CSV" }).click()
    await page.getByText(/^users_sync.*enrich\.csv is saved/).waitFor()
    const csv = await page.evaluate(() => (globalThis as unknown as { written: string[] }).written.join(""))
    const rows = csv.trimEnd().split("\r\n")
    expect([rows.length, rows[0]]).toEqual([122, "type,map_index,value,reason,state,cursor"])
    expect(rows[4]).toMatch(/^result,3,"\{""id"":3,""region"":""other""\}",,,/)
    expect(rows[100]).toMatch(/^gap,99,,upstream_failed,,/)
    expect(faults).toEqual([])
    await page.context().close()
  })
})

describe("a run", () => {
  it("is cancelled, and taken up again", async () => {
    const { page, faults, expectAccessible, runPath } = await openTask({ users: 2_000, item_ms: 40 })
    await page.goto(runPath)
    await page.getByRole("link", { name: "upsert" }).first().waitFor()
    await page.locator("[data-graph] .react-flow__node").first().waitFor()
    await expectAccessible("a run")
    await page.getByRole("button", { name: "Cancel run" }).click()
    await page.getByRole("button", { name: "Cancel the run" }).click()
    await page.locator("header").getByText("cancelled").waitFor()
    await page.getByRole("button", { name: "Take up again" }).click()
    await page.locator("header").getByText("running", { exact: true }).waitFor()
    await page.getByRole("button", { name: "Cancel run" }).click()
    await page.getByRole("button", { name: "Cancel the run" }).click()
    await page.locator("header").getByText("cancelled").waitFor()
    expect(faults).toEqual([])
    await page.context().close()
  })
})

describe("an instance", () => {
  it("says why it did not run, and what it waits for", async () => {
    const { page, faults, expectAccessible, runPath } = await openTask({ users: 60, fail_every: 10 })
    // An instance is not asked for before it is there.
    const stands = (path: string, expansion: object) =>
      expect
        .poll(() =>
          served.call("GET", path.replace("/runs/", "/dagRuns/").replace("/tasks/", "/expansions/")),
        )
        .toMatchObject(expansion)
    await stands(`${runPath}/tasks/enrich`, { end_date: expect.any(String) })
    const why = page.locator("[data-why]")
    await page.goto(`${runPath}/tasks/enrich/9`)
    await expect
      .poll(() => why.innerText())
      .toContain('instance 9 of "upsert" failed (InvalidAddress: no such street: user-00009, BR)')
    await expectAccessible("an instance without an input")
    await why.getByRole("link", { name: "upsert 9" }).click()
    await page.getByRole("heading", { name: /upsert 9/ }).waitFor()
    await page.getByRole("button", { name: /^Try 1/ }).click()
    await expect.poll(() => page.getByText("the address of user-00009 is refused").count()).toBe(1)
    expect(new URL(page.url()).search).toBe("?try=1")

    const trigger = async (dagId: string) => {
      const made = await served.call("POST", `/dags/${dagId}/dagRuns`, { logical_date: null, conf: {} })
      return `/dags/${dagId}/runs/${(made as { dag_run_id: string }).dag_run_id}`
    }
    await page.goto(`${await trigger("billing")}/tasks/send_invoices/-1`)
    await expect
      .poll(() => why.innerText())
      .toContain('trigger rule is all_success, and "close_month" failed')
    const approval = await trigger("approval")
    await stands(`${approval}/tasks/ask`, { instances: { deferred: 3 } })
    await page.goto(`${approval}/tasks/ask/1`)
    await page.getByRole("heading", { name: "Deferred for 1 h" }).waitFor()
    await page.getByText("Then it goes on at").waitFor()
    await expectAccessible("a deferred instance")
    expect(faults).toEqual([])
    await page.context().close()
  })
})

describe("each view of a run", () => {
  it.each([
    { theme: "dark", width: 1280 },
    { theme: "light", width: 390 },
  ] as const)("is as it should be: $theme, $width px wide", async (look) => {
    const conf = { users: 120, fail_every: 10 }
    const { page, faults, expectAccessible, runPath } = await openTask(conf, "upsert", look)
    await page.getByText(/It ended after/).waitFor()
    const views = {
      run: ["", "[data-graph] .react-flow__node"],
      map: ["/tasks/upsert", "[data-index]"],
      pages: ["/tasks/upsert?tab=pages", "td"],
      errors: ["/tasks/upsert?tab=errors", "[data-row]"],
      results: ["/tasks/enrich?tab=results&at=3", "[aria-label='Result 3'] pre"],
      instance: ["/tasks/upsert/9", "[role=log]"],
      explanation: ["/tasks/enrich/9", "[data-why]"],
    }
    for (const [view, [path = "", shown = ""]] of Object.entries(views)) {
      await page.goto(`${runPath}${path}`)
      await page.locator(shown).first().waitFor()
      await expectAccessible(`${view}, ${look.theme}, ${look.width} px`)
      const wide = await page.locator("html").evaluate((html) => html.scrollWidth)
      expect([view, wide <= look.width]).toEqual([view, true])
    }
    expect(faults).toEqual([])
    await page.context().close()
  })
})

describe("a server that is lost while tasks run", () => {
  it("is caught up with when it is back: nothing is lost, nothing counted twice", async () => {
    const { page } = await openTask({ users: 900, page_ms: 20, item_ms: 40 })
    const done = async () => numberIn(await figure(page, "Done").innerText())
    await expect.poll(done).toBeGreaterThan(50)
    const seen = await done()
    await served.kill()
    await page.getByText("The server cannot be reached.").waitFor()
    // What was there stays, and it is not said to be live.
    expect(await done()).toBeGreaterThanOrEqual(seen)
    expect(await page.locator("[data-live=live]").count()).toBe(0)
    const lost = await done()
    await served.start()
    await page.locator("[data-live=live]").waitFor()
    const seenAfter: number[] = [lost]
    await expect
      .poll(
        async () => {
          seenAfter.push(await done())
          return seenAfter.at(-1)
        },
        { timeout: 60_000 },
      )
      .toBe(900)
    expect(seenAfter).toEqual(seenAfter.toSorted((a, b) => a - b))
    expect(await figure(page, "Discovered").innerText()).toBe("900")
    expect(numberIn(await figure(page, "Running").innerText())).toBe(0)
    await page.getByRole("link", { name: "Results" }).click()
    await page.getByText("500 read").waitFor()
    await page.getByRole("button", { name: "Next 500" }).click()
    await page.getByText("900 read, the end").waitFor()
    await page.context().close()
  })
})
