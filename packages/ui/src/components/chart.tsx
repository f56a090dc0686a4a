import { lazy, Suspense } from "react"
import type { RateSeries } from "./rate-chart.tsx"

const RateChart = lazy(() => import("./rate-chart.tsx"))

/** A chart of rates; the library that draws it comes with the first chart. */
export function Rates({
  series,
  times,
  height,
}: {
  series: readonly RateSeries[]
  times: readonly number[]
  height: number
}) {
  return (
    <Suspense fallback={<div style={{ height }} />}>
      <RateChart series={series} times={times} height={height} />
    </Suspense>
  )
}
