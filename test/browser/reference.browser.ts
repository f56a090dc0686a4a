import { afterAll, beforeAll, expect, it } from "vitest"
import type { Browser } from "playwright-core"
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

it("the reference shows the operations of the API to whoever is signed in, and loads nothing from elsewhere", async () => {
  const { page, faults } = await openPage(browser, served.url)
  await page.goto("/docs")
  await page.getByRole("link", { name: "Sign in to Sluice" }).click()
  await signIn(page, served)
  await page.getByRole("heading", { name: "Overview" }).waitFor()
  await page.goto("/docs")
  const operation = page.locator('[id$="-get_version"]')
  await operation.waitFor()
  expect(await page.locator(".opblock").count()).toBeGreaterThan(50)
  await operation.locator("button").first().click()
  await page.getByRole("button", { name: "Try it out" }).click()
  await page.getByRole("button", { name: "Execute" }).click()
  await page.locator(".live-responses-table").getByText("git_version").first().waitFor()
  expect(faults).toEqual([])
  await page.context().close()
})
