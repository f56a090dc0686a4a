import { useEffect, useRef } from "react"
import uPlot from "uplot"
import "uplot/dist/uPlot.min.css"
import { rate } from "../model/format.ts"
import { useTheme } from "./theme.ts"

/** A line of the chart. */
export interface RateSeries {
  readonly label: string
  /** A colour of the theme, by its name. */
  readonly color: string
  readonly values: readonly (number | null)[]
}

const hourAndMinute = { hour: "2-digit", minute: "2-digit" } as const
const seconds = new Intl.DateTimeFormat("en-GB", { ...hourAndMinute, second: "2-digit" })
const minutes = new Intl.DateTimeFormat("en-GB", hourAndMinute)
const days = new Intl.DateTimeFormat("en-GB", { ...hourAndMinute, day: "2-digit", month: "short" })

/** The steps of the axis of time, in seconds: no two marks say the same. */
const timeSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800,
]

const dayInSeconds = 86_400

/** As much of a time as tells marks apart that are so far from each other. */
function timeOf(step: number, isLong: boolean): Intl.DateTimeFormat {
  if (step < 60) return seconds
  return isLong ? days : minutes
}

interface Props {
  readonly series: readonly RateSeries[]
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly height: number
}

/** Rates over time. */
export default function RateChart({ series, times, height }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(undefined)
  const theme = useTheme()
  const names = series.map(({ label }) => label).join("\n")
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const style = getComputedStyle(document.documentElement)
    const color = (name: string) => style.getPropertyValue(name).trim()
    const axis = {
      stroke: color("--muted"),
      grid: { stroke: color("--line"), width: 1 },
      ticks: { stroke: color("--line"), width: 1, size: 4 },
      font: "11px Inter, sans-serif",
    }
    const drawn = new uPlot(
      {
        width: element.clientWidth,
        height,
        padding: [8, 28, 0, 0],
        cursor: { drag: { x: false, y: false }, points: { size: 6 } },
        legend: { show: false },
        scales: { y: { range: (_self, _min, max) => [0, Math.max(1, max * 1.1)] } },
        axes: [
          {
            ...axis,
            space: 90,
            size: 26,
            incrs: timeSteps,
            values: (self, ticks, _axis, _space, step) => {
              const { min = 0, max = 0 } = self.scales["x"] ?? {}
              const format = timeOf(step, (max ?? 0) - (min ?? 0) > dayInSeconds)
              return ticks.map((tick) => format.format(new Date(tick * 1_000)))
            },
          },
          { ...axis, size: 56, space: 28, values: (_self, ticks) => ticks.map((tick) => rate(tick)) },
        ],
        series: [
          {},
          ...series.map((line) => ({
            label: line.label,
            stroke: color(line.color),
            width: 2,
            spanGaps: true,
            points: { show: false },
          })),
        ],
      },
      [[...times], ...series.map(({ values }) => [...values])] as uPlot.AlignedData,
      element,
    )
    chart.current = drawn
    const observer = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      drawn.destroy()
    }
    // A new theme has new colours; values are set below.
  }, [theme, height, names])
  useEffect(() => {
    chart.current?.setData([[...times], ...series.map(({ values }) => [...values])] as uPlot.AlignedData)
  }, [times, series])
  return (
    <div ref={place} role="img" aria-label={`Rates: ${names.replaceAll("\n", ", ")}`} style={{ height }} />
  )
}
