import { setTimeout as delay } from "node:timers/promises"
import { dag, page, source, task } from "sluice"

interface User {
  readonly id: number
  readonly name: string
  readonly country: string
}

const countries = ["DE", "FR", "JP", "BR", "US", "IN"]

/** A paged API of invented users: as many as the run asks for, as slow as it asks. */
const listUsers = source(
  "list_users",
  async function* ({
    cursor = 0,
    signal,
    context,
  }: {
    cursor?: number | undefined
    signal: AbortSignal
    context: { params?: Readonly<Record<string, unknown>> }
  }) {
    const users = Number(context.params?.["users"] ?? 400)
    const pageMs = Number(context.params?.["page_ms"] ?? 20)
    for (let at = cursor; at < users;) {
      await delay(pageMs, undefined, { signal })
      const from = at
      at = Math.min(users, at + 50)
      const items: User[] = Array.from({ length: at - from }, (_, place) => ({
        id: from + place,
        name: `user-${String(from + place).padStart(5, "0")}`,
        country: countries[(from + place) % countries.length] ?? "DE",
      }))
      yield page(items, at < users ? at : null)
    }
  },
)

class RateLimited extends Error {
  override readonly name = "RateLimited"
}

class InvalidAddress extends Error {
  override readonly name = "InvalidAddress"
}

const upsert = task(
  "upsert",
  async (user: User, ctx) => {
    const failEvery = Number(ctx.params["fail_every"] ?? 0)
    ctx.log.info(`upserting ${user.name}`, { id: user.id, country: user.country })
    ctx.log.debug("\u001B[32mconnection\u001B[0m taken from the pool")
    await delay(Number(ctx.params["item_ms"] ?? 5), undefined, { signal: ctx.signal })
    if (failEvery > 0 && user.id % failEvery === failEvery - 1) {
      ctx.log.error(`\u001B[31mthe address of ${user.name} is refused\u001B[0m`, { attempt: ctx.tryNumber })
      if (ctx.params["healed"] !== true)
        throw new InvalidAddress(`no such street: ${user.name}, ${user.country}`)
    }
    if (user.id % 37 === 0 && ctx.tryNumber === 1) {
      ctx.log.warn("429 Too Many Requests, the next try will do")
      throw new RateLimited("429 Too Many Requests")
    }
    return { id: user.id, stored: true, country: user.country }
  },
  { retries: 1, retryDelay: "300ms" },
)

const enrich = task("enrich", async (row: { id: number; country: string }) => ({
  id: row.id,
  region: row.country === "JP" || row.country === "IN" ? "APAC" : "other",
}))

const report = task(
  "report",
  async ({ rows }: { rows: AsyncIterable<{ region: string }> }, ctx) => {
    const regions: Record<string, number> = {}
    for await (const { region } of rows) regions[region] = (regions[region] ?? 0) + 1
    ctx.log.info("regions are counted", regions)
    return regions
  },
  { triggerRule: "all_done" },
)

/** A source of pages, two lazy maps in a chain, and what reduces them. */
export default dag(
  "users_sync",
  {
    description: "Copies users page by page, enriches them, and counts regions",
    tags: ["sync", "demo"],
    params: { users: 400, page_ms: 20, item_ms: 5, fail_every: 0, healed: false },
    paramsSchema: {
      type: "object",
      properties: {
        users: { type: "integer", minimum: 1, description: "How many users there are." },
        page_ms: { type: "integer", description: "How long a page takes, in milliseconds." },
        item_ms: { type: "integer", description: "How long one user takes, in milliseconds." },
        fail_every: { type: "integer", description: "Every so many users one is refused; 0: none." },
        healed: { type: "boolean" },
      },
    },
  },
  () => {
    const users = listUsers()
    const stored = upsert.iterate(users, {
      window: 200,
      pageSize: 50,
      key: (user) => `user-${user.id}`,
      label: (user) => user.name,
    })
    report({ rows: enrich.iterate(stored, { window: 200, pageSize: 50 }) })
  },
)
