import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
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

describe("the web UI", () => {
  it("asks who one is, says when that is wrong, and leads to where one wanted", async () => {
    const { page, faults, expectAccessible } = await openPage(browser, served.url)
    await page.goto("/dags?tag=demo")
    await page.getByRole("heading", { name: "Sign in to Sluice" }).waitFor()
    await expectAccessible("the sign-in")
    await signIn(page, { username: "admin", password: "not this" })
    await page.getByText("The user name or the password is wrong.").waitFor()
    await signIn(page, served)
    await page.getByRole("link", { name: "users_sync" }).waitFor()
    expect(new URL(page.url()).search).toBe("?tag=demo")
    expect(await page.getByRole("link", { name: "billing" }).count()).toBe(0)
    // The browser says itself that a sign-in was refused.
    expect(faults.filter((fault) => !fault.includes("401"))).toEqual([])
    await page.context().close()
  })

  it("loads less than 300 kB of scripts, compressed, and nothing from elsewhere", async () => {
    const { page, faults } = await openPage(browser, served.url)
    const sizes: number[] = []
    page.on("response", (response) => {
      if (response.url().endsWith(".js"))
        sizes.push(Number(response.headers()["content-length"] ?? Number.NaN))
    })
    await page.goto("/")
    await signIn(page, served)
    await page.getByRole("heading", { name: "Overview" }).waitFor()
    const sum = sizes.reduce((total, size) => total + size, 0)
    expect(sum).toBeGreaterThan(50_000)
    expect(sum).toBeLessThan(300_000)
    expect(faults).toEqual([])
    await page.context().close()
  })

  it("finds, pauses and triggers a DAG with its params", async () => {
    const { page, faults, expectAccessible } = await openPage(browser, served.url)
    await page.goto("/")
    await signIn(page, served)
    await page.getByRole("heading", { name: "Overview" }).waitFor()
    await expectAccessible("the overview")
    await page.getByRole("link", { name: "DAGs", exact: true }).click()
    await page.getByRole("heading", { name: "DAGs" }).waitFor()
    await page.getByRole("link", { name: "nightly_report" }).waitFor()
    await page.getByText("One DAG file cannot be used").waitFor()
    await expectAccessible("the DAGs")
    await page.keyboard.press("/")
    await page.keyboard.type("approv")
    await expect.poll(() => page.getByRole("link", { name: "nightly_report" }).count()).toBe(0)
    await page.getByRole("button", { name: "Pause approval" }).click()
    await page.getByRole("button", { name: "Unpause approval" }).click()
    await page.getByRole("button", { name: "Pause approval" }).waitFor()
    await page.getByLabel("Search DAGs").fill("warehouse")
    await page.getByRole("button", { name: "Trigger warehouse" }).click()
    await page.getByRole("button", { name: "Trigger", exact: true }).click()
    await page.getByText("is needed").waitFor()
    await page.getByLabel(/^Who is told/).fill("al")
    await page.getByLabel("limit").fill("20000")
    await page.getByRole("button", { name: "Trigger", exact: true }).click()
    await page.getByText("owner must NOT have fewer than 3 characters").waitFor()
    await page.getByText("limit must be <= 10000").waitFor()
    await expectAccessible("the trigger form with what the server refuses")
    await page.getByRole("button", { name: "Cancel", exact: true }).click()
    await page.getByLabel("Search DAGs").fill("users")
    await page.getByRole("button", { name: "Trigger users_sync" }).click()
    const users = page.getByLabel("users", { exact: true })
    expect(await users.inputValue()).toBe("400")
    await expectAccessible("the trigger form")
    await users.fill("sixty")
    await page.getByRole("button", { name: "Trigger", exact: true }).click()
    await page.getByText("expected a number").waitFor()
    await users.fill("60")
    await page.getByRole("button", { name: "Trigger", exact: true }).click()
    await page.waitForURL(/\/dags\/users_sync\/runs\/manual/)
    await page.locator("header").getByText("success").waitFor()
    await expectAccessible("the run")
    // The browser says itself that a run was refused.
    expect(faults.filter((fault) => !fault.includes("400"))).toEqual([])
    await page.context().close()
  })

  it("is driven by the keyboard", async () => {
    const { page, faults } = await openPage(browser, served.url)
    await page.goto("/dags")
    await signIn(page, served)
    await page.getByRole("link", { name: "approval" }).waitFor()
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.waitForURL(/\/dags\/billing/)
    await page.keyboard.press("Control+k")
    await page.getByRole("combobox").fill("nightly")
    await page.getByRole("option", { name: /nightly_report/ }).waitFor()
    await page.keyboard.press("Enter")
    await page.waitForURL(/\/dags\/nightly_report/)
    expect(faults).toEqual([])
    await page.context().close()
  })

  it("says that the server is lost, and goes on when it is back", async () => {
    const { page } = await openPage(browser, served.url)
    await page.goto("/dags")
    await signIn(page, served)
    await page.locator("[data-live=live]").waitFor()
    await served.kill()
    await page.getByText("The server cannot be reached.").waitFor()
    // What was there stays.
    await page.getByRole("link", { name: "approval" }).waitFor()
    await served.start()
    await page.locator("[data-live=live]").waitFor()
    await expect.poll(() => page.getByText("The server cannot be reached.").count()).toBe(0)
    await page.context().close()
  })
})
