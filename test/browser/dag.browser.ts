import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { eventually } from "../harness/eventually.ts"
import { startChromium } from "./harness/chromium.ts"
import { serveDemo, type Served } from "./harness/served.ts"
import { openPage, signIn } from "./harness/watched-page.ts"

let served: Served
let browser: Browser

beforeAll(async () => {
  ;[served, browser] = await Promise.all([serveDemo(), startChromium()])
})

afterAll(async () => {
  await browser.close()
  await served.close()
})

describe("a DAG", () => {
  it("whose file was changed tells what differs between its versions", async () => {
    const file = join(served.folder, "dags", "approval.ts")
    const code = readFileSync(file, "utf8")
    writeFileSync(
      file,
      code
        .replace("{ resume: {", "{ retries: 5, resume: {")
        .replace("  ask.expand", '  task("tell", async () => null)()\n  ask.expand'),
    )
    await eventually("the second version is stored", async () => {
      const found = (await served.call("GET", "/dags/approval/dagVersions")) as { total_entries: number }
      return found.total_entries === 2 ? true : undefined
    })
    const { page, faults, expectAccessible } = await openPage(browser, served.url)
    await page.goto("/dags/approval/versions")
    await signIn(page, served)
    const changes = page.getByRole("listitem")
    await changes.filter({ hasText: "added" }).filter({ hasText: "task tell" }).waitFor()
    await changes.filter({ hasText: "retries" }).filter({ hasText: "task ask" }).waitFor()
    await page.locator("[data-diff=new]", { hasText: 'task("tell"' }).waitFor()
    await expectAccessible("what differs between two versions")
    await page.getByLabel("From version").selectOption("version 2")
    await page.getByText("This is one version").waitFor()
    expect(new URL(page.url()).search).toBe("?version=2&base=2")
    expect(faults).toEqual([])
    await page.context().close()
  })

  it("is shown as grid, graph, runs, code and event log, and backfilled", async () => {
    await served.call("POST", "/dags/nightly_report/dagRuns", { logical_date: null })
    const { page, faults, expectAccessible } = await openPage(browser, served.url)
    await page.goto("/dags/nightly_report")
    await signIn(page, served)
    await page.getByRole("link", { name: "render: success" }).first().waitFor()
    await expectAccessible("the grid")
    await page.getByRole("link", { name: "Graph" }).click()
    await page.locator(".react-flow__node", { hasText: "render" }).click()
    await page.getByText("Trigger rule").waitFor()
    expect(new URL(page.url()).search).toBe("?task=render")
    await expectAccessible("the graph")
    await page.getByRole("link", { name: "Code" }).click()
    await page.getByText("plausible").first().waitFor()
    await expectAccessible("the code")
    await page.getByRole("link", { name: "Versions" }).click()
    await page.getByText("This is the first version").waitFor()
    await page.getByRole("link", { name: "Backfills" }).click()
    await page.getByRole("button", { name: "New backfill" }).click()
    await page.getByLabel("From").fill("2026-02-01T00:00")
    await page.getByLabel("To").fill("2026-02-03T23:00")
    await page.getByText("3 runs would be made").waitFor()
    await expectAccessible("the backfill")
    await page.getByRole("button", { name: "Backfill", exact: true }).click()
    await page.getByText("3 of 3 done").waitFor({ timeout: 30_000 })
    await page.getByRole("link", { name: "Calendar" }).click()
    await page.getByRole("group", { name: "2026 by day" }).waitFor()
    await expectAccessible("the calendar")
    await page.getByRole("link", { name: "2026-02-02: 1 success" }).click()
    await page.waitForURL(/\/runs\?day=2026-02-02/)
    await expect.poll(() => page.locator("main [data-row]").count()).toBe(1)
    await page.getByRole("link", { name: "Event log" }).click()
    await page.getByText("backfill", { exact: false }).first().waitFor()
    await expectAccessible("the event log")
    await page.getByRole("link", { name: "Runs", exact: true }).last().click()
    await page.getByLabel("Run type").selectOption("backfill")
    await expect.poll(() => page.locator("main [data-row]").count()).toBe(3)
    expect(faults).toEqual([])
    await page.context().close()
  })

  it("with groups and a loop is shown with its groups open or closed, as its address says", async () => {
    const conf = { region: "US", owner: "ada" }
    await served.call("POST", "/dags/warehouse/dagRuns", { logical_date: null, conf })
    const { page, faults, expectAccessible } = await openPage(browser, served.url)
    await page.goto("/dags/warehouse/grid")
    await signIn(page, served)
    await page.getByRole("link", { name: "finish.publish: success" }).waitFor({ timeout: 30_000 })
    await page.getByRole("button", { name: "check", exact: true }).click()
    await expect.poll(() => page.getByRole("rowheader", { name: "sums" }).count()).toBe(0)
    await page.getByRole("link", { name: "finish.check, 2 tasks: 2 success" }).waitFor()
    expect(new URL(page.url()).searchParams.get("closed")).toBe("finish.check")
    await expectAccessible("a grid with groups")
    await page.goto("/dags/warehouse/graph?closed=per_day")
    await page.locator(".react-flow__node", { hasText: "3 tasks" }).waitFor()
    await page.getByText("↺ ≤ 12").waitFor()
    await expectAccessible("a graph with groups")
    await page.getByRole("button", { name: "Close the group fit" }).click()
    await expect.poll(() => page.getByText("↺ ≤ 12").count()).toBe(0)
    await page.locator(".react-flow__node", { hasText: "fit" }).press("Enter")
    await page.getByText("↺ ≤ 12").waitFor()
    expect(faults).toEqual([])
    await page.context().close()
  })

  it("that cannot be used is told with its lines", async () => {
    const { page, faults, expectAccessible } = await openPage(browser, served.url)
    await page.goto("/errors")
    await signIn(page, served)
    await page.getByText("broken.ts").first().waitFor()
    await expectAccessible("the import errors")
    expect(faults).toEqual([])
    await page.context().close()
  })
})

describe("the administration", () => {
  it("makes users and tokens, whose secrets it shows once; who may not, sees why", async () => {
    const { page, faults, expectAccessible } = await openPage(browser, served.url)
    await page.goto("/admin")
    await signIn(page, served)
    await page.getByText("dag-processor").first().waitFor()
    await expectAccessible("the health")
    for (const [name, text] of [
      ["Pools", "default_pool"],
      ["Configuration", "api"],
      ["Audit", "signed_in"],
    ] as const) {
      await page.getByRole("link", { name, exact: true }).click()
      await page.getByText(text).first().waitFor()
      await expectAccessible(name)
    }
    await served.call("POST", "/dags/approval/dagRuns", { logical_date: null })
    await page.getByRole("link", { name: "Triggers", exact: true }).click()
    await page.getByRole("link", { name: "ask 2" }).waitFor()
    await page.getByText("the database").first().waitFor()
    await expectAccessible("the triggers")
    await page.getByRole("link", { name: "Audit", exact: true }).click()
    // The newest first: somebody has just signed in.
    await expect.poll(() => page.locator("main [data-row]").first().innerText()).toContain("signed_in")
    await page.getByRole("link", { name: "Variables", exact: true }).click()
    await page.getByRole("button", { name: "New variable" }).click()
    await page.getByLabel("Key").fill("crm_password")
    await page.getByLabel("Value").fill("hunter2")
    await page.getByRole("button", { name: "Save" }).click()
    await page.getByRole("cell", { name: "crm_password", exact: true }).waitFor()
    expect(await page.getByText("hunter2").count()).toBe(0)
    await page.getByRole("button", { name: "Delete crm_password" }).click()
    await page.getByRole("button", { name: "Keep" }).click()
    await page.getByRole("cell", { name: "crm_password", exact: true }).waitFor()
    await page.getByRole("button", { name: "Delete crm_password" }).click()
    await expectAccessible("the question before a variable is deleted")
    await page.getByRole("button", { name: "Delete", exact: true }).click()
    await page.getByText("No variable yet").waitFor()
    await page.getByRole("link", { name: "Connections", exact: true }).click()
    await page.getByRole("button", { name: "New connection" }).click()
    await page.getByLabel("Id", { exact: true }).fill("crm")
    await page.getByLabel("Host", { exact: true }).fill("crm.example.com")
    await page.getByLabel("Password", { exact: true }).fill("hunter2")
    await page.getByRole("button", { name: "Save" }).click()
    await page.getByText("with a password").first().waitFor()
    await expectAccessible("the connections")
    await page.getByRole("link", { name: "Assets", exact: true }).click()
    await page.getByText("s3://lake/orders").waitFor()
    await expectAccessible("the assets")
    await page.getByRole("link", { name: "Admin", exact: true }).click()
    await page.getByRole("link", { name: "Tokens", exact: true }).click()
    await page.getByRole("button", { name: "New token" }).click()
    await page.getByLabel("Name").fill("grafana")
    await page.getByRole("button", { name: "Make the token" }).click()
    await page.locator("[data-secret]").waitFor()
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByRole("cell", { name: "grafana", exact: true }).waitFor()
    await page.getByRole("link", { name: "Users", exact: true }).click()
    await page.getByRole("button", { name: "New user" }).click()
    await page.getByLabel("Name").fill("ada")
    await page.getByRole("button", { name: "Make the user" }).click()
    const password = await page.locator("[data-secret]").innerText()
    await page.getByRole("button", { name: "Done" }).click()
    await expectAccessible("the users")
    expect(faults).toEqual([])
    await page.context().close()
    const viewer = await openPage(browser, served.url)
    await viewer.page.goto("/dags")
    await signIn(viewer.page, { username: "ada", password })
    const trigger = viewer.page.getByRole("button", { name: "Trigger billing" })
    await expect.poll(() => trigger.getAttribute("aria-disabled")).toBe("true")
    await trigger.hover()
    await viewer.page.getByText("This needs the role user; yours is viewer.").first().waitFor()
    await viewer.page.goto("/admin/pools")
    const remove = viewer.page.getByRole("button", { name: "Delete default_pool" })
    expect(await remove.getAttribute("aria-description")).toBe("This needs the role op; yours is viewer.")
    await viewer.page.getByRole("link", { name: "Variables" }).click()
    await viewer.page.getByText("Your role does not allow this").waitFor()
    await viewer.expectAccessible("what a role may not read")
    expect(viewer.faults).toEqual([])
    await viewer.page.context().close()
  })
})

/** The views around DAGs, and of the administration: each with what is there once it has loaded. */
const views = [
  ["/", "Latest runs"],
  ["/dags", "nightly_report"],
  ["/runs", "Took"],
  ["/assets", "s3://lake/orders"],
  ["/errors", "broken.ts"],
  ["/dags/warehouse/grid?closed=finish", "per_day"],
  ["/dags/warehouse/graph?task=days", "Trigger rule"],
  ["/dags/approval/versions", "Versions"],
  ["/dags/approval/code", "bundle"],
  ["/dags/nightly_report/calendar", "planned by the schedule"],
  ["/dags/nightly_report/backfills", "New backfill"],
  ["/admin/health", "dag-processor"],
  ["/admin/pools", "default_pool"],
  ["/admin/triggers", "Waits for"],
  ["/admin/variables", "crm_url"],
  ["/admin/connections", "warehouse_db"],
  ["/admin/users", "Since"],
  ["/admin/tokens", "prometheus"],
  ["/admin/audit", "signed_in"],
  ["/admin/config", "port"],
] as const

describe("every view", () => {
  beforeAll(async () => {
    const run = { logical_date: null, conf: { region: "US", owner: "ada" } }
    await served.call("POST", "/dags/warehouse/dagRuns", run)
    await served.call("POST", "/dags/approval/dagRuns", { logical_date: null })
    await served.call("POST", "/tokens", { name: "prometheus" })
    await served.call("POST", "/variables", { key: "crm_url", value: "https://crm.example.com" })
    await served.call("POST", "/connections", { connection_id: "warehouse_db", conn_type: "postgres" })
  })

  it.each([
    ["in the dark", { theme: "dark", width: 1280 }],
    ["on a small screen", { theme: "light", width: 390, height: 844 }],
  ] as const)("is readable %s, and no wider than it", async (_where, look) => {
    const { page, faults, seriousProblems } = await openPage(browser, served.url, look)
    await page.goto("/login")
    await signIn(page, served)
    await page.getByRole("heading", { name: "Overview" }).waitFor()
    const problems: string[] = []
    for (const [path, text] of views) {
      await page.goto(path)
      await page.getByText(text).filter({ visible: true }).first().waitFor()
      for (const problem of await seriousProblems()) problems.push(`${path}: ${problem}`)
      const overflow = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")
      if (overflow > 0) problems.push(`${path} is ${overflow} pixels too wide`)
    }
    expect(problems).toEqual([])
    expect(faults).toEqual([])
    await page.context().close()
  })
})
