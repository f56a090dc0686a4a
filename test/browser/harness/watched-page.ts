import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { Browser, Page } from "playwright-core"
import { expect } from "vitest"

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** A page that notes what must not be: words on the console, failures of scripts, requests to elsewhere. */
export interface WatchedPage {
  readonly page: Page
  /** What has been noted so far; words about connections are left out while the server is away on purpose. */
  readonly faults: string[]
  /** What axe finds that is serious. */
  readonly seriousProblems: () => Promise<string[]>
  /** Fails when axe finds something serious in the view. */
  readonly expectAccessible: (view: string) => Promise<void>
}

/** Opens a page of the server, watched. */
export async function openPage(
  browser: Browser,
  url: string,
  options: { width?: number; height?: number; theme?: "light" | "dark" } = {},
): Promise<WatchedPage> {
  const { width = 1280, height = 800, theme = "light" } = options
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    baseURL: url,
    timezoneId: "Europe/Berlin",
    locale: "en-GB",
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const faults: string[] = []
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(`console: ${message.text()}`)
  })
  page.on("pageerror", (error) => faults.push(`page: ${error.message}`))
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url()))
      faults.push(`request: ${request.url()}`)
  })
  const seriousProblems = async () => {
    // As it is to be read: nothing half faded in.
    await page.evaluate(axe)
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: {
          run: (options: object) => Promise<{
            violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]
          }>
        }
      }
      const { violations } = await axe.run({ resultTypes: ["violations"] })
      return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) =>
          nodes
            .slice(0, 3)
            .map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}\n  ${failureSummary}`),
        )
    })
  }
  const expectAccessible = async (view: string) =>
    expect(await seriousProblems(), `what axe finds in ${view}`).toEqual([])
  return { page, faults, seriousProblems, expectAccessible }
}

/** Signs in through the form. */
export async function signIn(page: Page, who: { username: string; password: string }): Promise<void> {
  await page.getByLabel("User name").fill(who.username)
  await page.getByLabel("Password").fill(who.password)
  await page.getByRole("button", { name: "Sign in" }).click()
}
