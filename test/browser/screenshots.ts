// `npm run screenshots`: every view in light and dark, at 1280 and some at 390 pixels, into a folder (default: results/screenshots).
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import type { Page } from "playwright-core"
import { holdTestServer } from "@sluice/postgres/testing"
import { eventually } from "../harness/eventually.ts"
import { startChromium } from "./harness/chromium.ts"
import { serveDemo, type Served } from "./harness/served.ts"

const folder = resolve(process.argv[2] ?? "results/screenshots")
mkdirSync(folder, { recursive: true })

/** The pictures of the README, which are among those that are taken. */
const images = fileURLToPath(new URL("../../docs/images", import.meta.url))
const inReadme: Readonly<Record<string, string>> = {
  "map-light-1280": "map.png",
  "run-dark-1280": "run.png",
  "overview-light-1280": "overview.png",
}
mkdirSync(images, { recursive: true })

interface Run {
  readonly dag_run_id: string
  readonly state: string
}

const held = holdTestServer()
const served = await serveDemo()
const browser = await startChromium()
try {
  const runs = await makeRuns(served)
  await changeFile(served)
  const users = `/dags/users_sync/runs/${runs.slow}`
  const failed = `/dags/users_sync/runs/${runs.failed}`
  const views: Record<string, string> = {
    overview: "/",
    dags: "/dags",
    runs: "/runs",
    errors: "/errors",
    run: users,
    "run-failed": failed,
    map: `${users}/tasks/upsert`,
    "map-failed": `${failed}/tasks/upsert?state=failed`,
    "map-errors": `${failed}/tasks/upsert?tab=errors`,
    "map-pages": `${failed}/tasks/upsert?tab=pages`,
    "map-results": `${failed}/tasks/enrich?tab=results`,
    "map-close": `${failed}/tasks/upsert?from=20&to=180&at=99`,
    instance: `${failed}/tasks/upsert/9`,
    "instance-no-input": `${failed}/tasks/enrich/9`,
    "instance-deferred": `/dags/approval/runs/${runs.approval}/tasks/ask/1`,
    "instance-not-run": `/dags/billing/runs/${runs.billing}/tasks/send_invoices/-1`,
    "instance-task": `/dags/billing/runs/${runs.billing}/tasks/close_month/-1`,
    "dag-grid": "/dags/users_sync/grid",
    "dag-graph": "/dags/nightly_report/graph?task=render",
    "groups-grid": "/dags/warehouse/grid",
    "groups-graph": "/dags/warehouse/graph",
    "groups-closed": "/dags/warehouse/graph?closed=per_day,finish.check",
    "dag-runs": "/dags/users_sync/runs",
    "dag-code": "/dags/users_sync/code",
    "dag-calendar": "/dags/nightly_report/calendar",
    "dag-versions": "/dags/approval/versions",
    "dag-backfills": "/dags/nightly_report/backfills",
    "dag-events": "/dags/users_sync/events",
    assets: "/assets",
    "admin-health": "/admin/health",
    "admin-triggers": "/admin/triggers",
    "admin-pools": "/admin/pools",
    "admin-variables": "/admin/variables",
    "admin-connections": "/admin/connections",
    "admin-users": "/admin/users",
    "admin-tokens": "/admin/tokens",
    "admin-audit": "/admin/audit",
    "admin-config": "/admin/config",
  }
  const only = process.argv[3]?.split(",")
  for (const theme of ["light", "dark"] as const)
    for (const width of [1280, 390]) {
      const page = await signedIn(theme, width)
      for (const [name, path] of Object.entries(views)) {
        if (only !== undefined && !only.includes(name)) continue
        await show(page, path)
        const picture = `${name}-${theme}-${width}`
        await page.screenshot({ path: join(folder, `${picture}.png`), fullPage: width === 390 })
        const shown = inReadme[picture]
        if (shown !== undefined) copyFileSync(join(folder, `${picture}.png`), join(images, shown))
      }
      await page.context().close()
    }
} finally {
  await browser.close()
  await served.close()
  await held.release()
}

/** Stores a second version of a DAG. */
async function changeFile({ folder: project, call }: Served): Promise<void> {
  const file = join(project, "dags", "approval.ts")
  writeFileSync(
    file,
    readFileSync(file, "utf8")
      .replace("Asks three people", "Asks four people")
      .replace("{ resume: {", '{ retries: 5, retryDelay: "30s", resume: {')
      .replace("after, dag", "after, chain, dag")
      .replace("ask.expand([", 'chain(task("tell", async () => "all are told")(), ask.expand([')
      .replace('"edsger"])', '"edsger", "barbara"]))'),
  )
  await eventually("the second version is stored", async () => {
    const found = (await call("GET", "/dags/approval/dagVersions")) as { total_entries: number }
    return found.total_entries === 2 ? true : undefined
  })
}

/** Runs in each state: one that takes long, one that failed, one that went well, one that waits. */
async function makeRuns({
  call,
}: Served): Promise<Record<"slow" | "failed" | "billing" | "approval", string>> {
  const trigger = async (dagId: string, conf: object = {}) =>
    ((await call("POST", `/dags/${dagId}/dagRuns`, { logical_date: null, conf })) as Run).dag_run_id
  const ended = (dagId: string, runId: string) =>
    eventually(`${dagId} ends`, async () => {
      const run = (await call("GET", `/dags/${dagId}/dagRuns/${runId}`)) as Run
      return run.state === "success" || run.state === "failed" ? true : undefined
    })
  for (const fail of [0, 0, 40, 0, 30, 0, 0])
    await ended("users_sync", await trigger("users_sync", { users: 120, fail_every: fail }))
  for (let times = 0; times < 12; times++) await ended("nightly_report", await trigger("nightly_report"))
  for (const region of ["EU", "US"])
    await ended("warehouse", await trigger("warehouse", { region, owner: "ada" }))
  const billing = await trigger("billing")
  await ended("billing", billing)
  await call("POST", "/backfills", {
    ...{ dag_id: "nightly_report", from_date: "2026-03-01T00:00:00Z", to_date: "2026-03-06T00:00:00Z" },
  })
  await call("POST", "/tokens", { name: "grafana", expires_days: 90 })
  await call("POST", "/users", { username: "ada", role: "op" })
  await call("POST", "/variables", {
    key: "crm_url",
    value: "https://crm.example.com",
    description: "Where users are",
  })
  await call("POST", "/variables", { key: "crm_token", value: "t0p-secret" })
  await call("POST", "/connections", {
    ...{ connection_id: "warehouse", conn_type: "postgres", host: "db.example.com", port: 5432 },
    ...{ login: "sluice", password: "t0p-secret" },
  })
  const approval = await trigger("approval")
  const failed = await trigger("users_sync", { users: 900, fail_every: 10 })
  await ended("users_sync", failed)
  const slow = await trigger("users_sync", { users: 100_000, page_ms: 150, item_ms: 60, fail_every: 90 })
  await eventually("the slow run has begun", async () => {
    const { expansions } = (await call("GET", `/dags/users_sync/dagRuns/${slow}/expansions`)) as {
      expansions: { task_id: string; instances: { success: number } }[]
    }
    return (expansions.find((one) => one.task_id === "upsert")?.instances.success ?? 0) > 400
      ? true
      : undefined
  })
  return { slow, failed, billing, approval }
}

async function signedIn(theme: "light" | "dark", width: number): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width, height: width === 390 ? 844 : 800 },
    colorScheme: theme,
    baseURL: served.url,
    timezoneId: "Europe/Berlin",
    locale: "en-GB",
  })
  const page = await context.newPage()
  await page.goto("/login")
  await page.screenshot({ path: join(folder, `login-${theme}-${width}.png`) })
  await page.getByLabel("User name").fill(served.username)
  await page.getByLabel("Password").fill(served.password)
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("heading", { name: "Overview" }).waitFor()
  return page
}

/** As a person would see it: loaded, live, and with some seconds of rates. */
async function show(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await page.locator("[data-live=live]").waitFor()
  await page
    .locator(".skeleton")
    .first()
    .waitFor({ state: "detached" })
    .catch(() => {})
  // A picture of something that moves: some of its movement belongs in it.
  await page.waitForTimeout(path.endsWith("/tasks/upsert") ? 6_000 : 900)
}
