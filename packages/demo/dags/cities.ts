import postgres from "postgres"
import { dag, page, source, task } from "sluice"

/** A city as the API has it. */
interface ApiCity {
  cityId: number
  name: string
  country: string
  population: number
  loc: { coordinates: [longitude: number, latitude: number] }
}

/** A page of the API, as many have it: some items, and where the next ones are. */
interface ApiPage {
  value: ApiCity[]
  nextLink: string | null
}

interface City {
  id: number
  name: string
  country: string
  population: number
  latitude: number
}

const api = process.env["SLUICE_TASK_CITIES_API"]

/** Reads the API page by page; the cursor is the next link. */
const listCities = source(
  "list_cities",
  async function* ({ cursor = "/cities", signal, context }) {
    for (let link: string | null = withLimit(cursor, context.params?.["limit"]); link !== null;) {
      const response = await fetch(new URL(link, api), { signal })
      if (!response.ok) throw new Error(`${link}: ${response.status}`)
      const body = (await response.json()) as ApiPage
      link = body.nextLink
      yield page(body.value, link)
    }
  },
  { retries: 5, retryDelay: "1s" },
)

function withLimit(link: string, limit: unknown): string {
  return typeof limit === "number" && !link.includes("?") ? `${link}?limit=${limit}` : link
}

// One small pool in each host process, as in any Node program; nothing is opened before the first query.
const sql = postgres(process.env["SLUICE_TASK_CITIES_DATABASE"] ?? "", { max: 4, onnotice: () => {} })

/** Writes one city: run twice, it leaves the same row. */
const upsert = task(
  "upsert",
  async (city: City, { runId }) => {
    await sql`
      insert into demo.city (run_id, id, name, country, population, latitude)
      values (${runId}, ${city.id}, ${city.name}, ${city.country}, ${city.population}, ${city.latitude})
      on conflict (run_id, id) do update
      set name = excluded.name, country = excluded.country, population = excluded.population,
        latitude = excluded.latitude, writes = city.writes + 1
    `
    return city
  },
  { retries: 3, retryDelay: "1s" },
)

/** What the report needs of a city. */
interface EnrichedCity extends Pick<City, "name" | "country" | "population"> {
  size: "village" | "town" | "city" | "metropolis"
  zone: "tropical" | "temperate" | "polar"
}

/** Runs behind `upsert`, on each city as soon as it is written. */
const enrich = task(
  "enrich",
  async ({ name, country, population, latitude }: City): Promise<EnrichedCity> => ({
    name,
    country,
    population,
    size: sizeOf(population),
    zone: Math.abs(latitude) < 23.5 ? "tropical" : Math.abs(latitude) < 66.5 ? "temperate" : "polar",
  }),
)

function sizeOf(population: number): EnrichedCity["size"] {
  if (population < 10_000) return "village"
  if (population < 100_000) return "town"
  return population < 1_000_000 ? "city" : "metropolis"
}

/** Reads what `enrich` left, page by page: never the whole list. */
const report = task("report", async ({ cities }: { cities: AsyncIterable<EnrichedCity> }) => {
  const byCountry = new Map<string, number>()
  const bySize = new Map<string, number>()
  const byZone = new Map<string, number>()
  const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
  let total = 0
  let population = 0
  let biggest: EnrichedCity | null = null
  for await (const city of cities) {
    total += 1
    population += city.population
    count(byCountry, city.country)
    count(bySize, city.size)
    count(byZone, city.zone)
    if (biggest === null || city.population > biggest.population) biggest = city
  }
  const top = [...byCountry].sort(([, a], [, b]) => b - a).slice(0, 10)
  return {
    total,
    population,
    countries: byCountry.size,
    top,
    bySize: [...bySize],
    byZone: [...byZone],
    biggest,
  }
})

export default dag("cities", { description: "Every city of the world, one task instance each." }, () => {
  const cities = listCities()
    .filter((city) => city.population >= 1000)
    .map(({ cityId, name, country, population, loc }): City => ({
      id: cityId,
      name,
      country,
      population,
      latitude: loc.coordinates[1],
    }))
  const written = upsert.iterate(cities, { window: 2000 })
  report({ cities: enrich.iterate(written, { window: 2000 }) })
})
