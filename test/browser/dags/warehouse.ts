import { asset, dag, group, loop, source, task, type XCom } from "sluice"

const orders = asset("orders", { uri: "s3://lake/orders" })

const days = source("days", async function* () {
  for (let day = 1; day <= 24; day++) yield { day, rows: day * 120 }
})

interface Day {
  readonly day: number
  readonly rows: number
}

const read = task("read", async ({ rows }: Day) => rows)
const clean = task("clean", async (rows: number) => {
  if (rows % 1_800 === 0) throw new Error(`${rows} rows are too many to be true`)
  return rows - 1
})
const store = task("store", async (rows: number) => ({ stored: rows }))
const perDay = group("per_day", (day: XCom<Day>) => store(clean(read(day))))

const rows = task("rows", async () => 4_211)
const sums = task("sums", async () => ({ net: 91_210, gross: 108_539 }))
const check = group("check", () => {
  rows()
  return sums()
})

const weigh = task("weigh", async (before: { weight: number }) => before.weight / 2)
const adjust = task("adjust", async (weight: number) => ({ weight }))
const fit = loop("fit", (before: XCom<{ weight: number }>) => adjust(weigh(before)), {
  until: ({ weight }) => weight < 0.1,
  maxIterations: 12,
})

const publish = task(
  "publish",
  async ({ weight }: { sums: { net: number }; weight: { weight: number } }) =>
    `published at ${weight.weight}`,
  { outlets: [orders] },
)
const finish = group("finish", (weight: XCom<{ weight: number }>) =>
  publish({ sums: check().result, weight }),
)

/** Groups within groups, a group that is mapped, a loop, and params of each kind. */
export const warehouse = dag(
  "warehouse",
  {
    description: "Loads the orders of each day, fits the model and publishes",
    tags: ["demo", "finance"],
    paramsSchema: {
      type: "object",
      required: ["region", "owner"],
      properties: {
        region: { type: "string", enum: ["EU", "US", "APAC"], default: "EU", description: "Whose orders" },
        owner: {
          type: "string",
          minLength: 3,
          title: "Who is told",
          description: "A name, at least three letters",
        },
        since: { type: "string", format: "date", default: "2026-01-01" },
        limit: { type: "integer", minimum: 1, maximum: 10_000, default: 500 },
        ratio: { type: ["number", "null"], description: "Left out: all of them" },
        is_dry: { type: "boolean", default: false, title: "Only look" },
        tables: { type: "array", items: { type: "string" }, default: ["orders", "lines"] },
        options: {
          type: "object",
          properties: { retries: { type: "integer" } },
          additionalProperties: false,
          default: { retries: 2 },
        },
      },
      additionalProperties: false,
    },
  },
  () => {
    perDay.iterate(days(), { window: 8 })
    finish(fit({ weight: 3 }).result)
  },
)

const draw = task("draw", async () => "drawn")

/** Runs when the orders have changed. */
export const dashboards = dag(
  "dashboards",
  { description: "Draws what people look at", schedule: orders, tags: ["report"] },
  () => {
    draw()
  },
)
