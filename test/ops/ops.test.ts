import { execFileSync, spawnSync } from "node:child_process"
import { join } from "node:path"
import { makeMetrics } from "@sluice/telemetry"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { root, textOf } from "../tidy/source-files.ts"

interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly annotations?: { readonly summary?: string; readonly description?: string }
}
interface Panel {
  readonly id: number
  readonly title: string
  readonly description: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets: readonly { readonly expr: string; readonly refId: string }[]
}

const rulesFile = "ops/prometheus-rules.yaml"
const { groups } = parse(textOf(rulesFile)) as { groups: { name: string; rules: Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)
const { panels } = JSON.parse(textOf("ops/grafana-dashboard.json")) as { panels: Panel[] }

/** What a process tells of itself, by the names under which it is asked for, with its labels. */
const told = new Map(
  makeMetrics()
    .registry.getMetricsAsArray()
    .flatMap((metric) => {
      // What the library keeps of a metric, and does not type.
      const {
        name,
        labelNames = [],
        type,
      } = metric as unknown as { name: string; labelNames?: string[]; type: string }
      const isHistogram = type === "histogram"
      const names = isHistogram ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
      return names.map((one) => [one, [...labelNames, ...(one.endsWith("_bucket") ? ["le"] : [])]] as const)
    }),
)

/** Labels that Prometheus adds to what it reads. */
const added = ["instance", "job"]
const words = /[a-z_:][a-z0-9_:]*/g

/** What an expression asks for that nobody tells. */
function unknownIn(expression: string): string[] {
  const bare = expression.replaceAll(/"[^"]*"/g, '""').replaceAll(/\[[^\]]*\]/g, "")
  const metrics = [...bare.matchAll(/\b(?:sluice|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name)
  const known = new Set([...metrics.flatMap((name) => told.get(name) ?? []), ...added])
  const grouped = [...bare.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => [
    ...list.matchAll(words),
  ])
  const matched = [...bare.matchAll(/\{([^}]*)\}/g)].flatMap(([, list = ""]) => [...list.matchAll(words)])
  const labels = [...grouped, ...matched].map(([name]) => name)
  return [
    ...metrics.filter((name) => !told.has(name)),
    ...labels.filter((name) => !known.has(name)),
    ...(metrics.length === 0 ? ["nothing"] : []),
  ]
}

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0

describe("the rules for Prometheus", () => {
  it("ask for what is told, and say what to do", () => {
    expect(rules.map(({ expr }) => unknownIn(expr)).flat()).toEqual([])
    const alerts = rules.filter(({ alert }) => alert !== undefined)
    expect(alerts.length).toBeGreaterThan(5)
    for (const { annotations } of alerts)
      expect([annotations?.summary, annotations?.description]).not.toContain(undefined)
  })

  it.skipIf(!hasPromtool)("are loaded by Prometheus' own tool", () => {
    const said = execFileSync("promtool", ["check", "rules", join(root, rulesFile)], { encoding: "utf8" })
    expect(said).toContain(`SUCCESS: ${rules.length} rules found`)
  })
})

describe("the dashboard", () => {
  it("asks for what is told", () => {
    const asked = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
    expect(asked.map(unknownIn).flat()).toEqual([])
    const unasked = [...told.keys()].filter((name) => name.startsWith("sluice_"))
    const all = asked.join(" ")
    // Each metric is on it, a histogram by one of its three names.
    const base = (name: string) => name.replace(/_(?:bucket|sum|count)$/, "")
    expect(unasked.filter((name) => !all.includes(base(name)))).toEqual([])
  })

  it("has panels that say what they show, each in its own place", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    expect(panels.filter(({ title, description }) => title === "" || description === "")).toEqual([])
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, place) => `${x + (place % w)}/${y + Math.floor(place / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24)
  })
})
