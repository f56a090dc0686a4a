import type { Density, Expansion } from "@sluice/api/wire"
import { useQuery } from "@tanstack/react-query"
import { useNavigate, useSearch } from "@tanstack/react-router"
import { Maximize2, ZoomIn } from "lucide-react"
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react"
import { closeUpMax, closeUpQuery, densityQuery, type TaskName } from "../../api/queries.ts"
import { Button } from "../../components/button.tsx"
import { Panel } from "../../components/page.tsx"
import { useTheme } from "../../components/theme.ts"
import { count } from "../../model/format.ts"
import { lookOf } from "../../model/states.ts"

const height = 56

/** A column of the strip: shares by the tone they are drawn in, and the indexes it stands for. */
interface Column {
  readonly from: number
  readonly to: number
  readonly shares: readonly (readonly [tone: string, share: number])[]
}

const tones = ["success", "skipped", "running", "idle", "deferred", "retry", "upstream", "failed"] as const

/** The whole map in one strip: drag over a part to see it closer, down to single instances; click to go there in the list. */
export function DensityStrip({
  name,
  expansion,
}: {
  readonly name: TaskName
  readonly expansion: Expansion
}) {
  const { from: askedFrom, to: askedTo } = useSearch({ from: "/shell/dags/$dagId/runs/$runId/tasks/$taskId" })
  const navigate = useNavigate({ from: "/dags/$dagId/runs/$runId/tasks/$taskId" })
  const discovered = expansion.discovered
  const from = Math.min(askedFrom ?? 0, Math.max(0, discovered - 1))
  const to = Math.min(askedTo ?? discovered, discovered)
  const span = to - from
  const isClose = span > 0 && span <= closeUpMax
  const density = useQuery({ ...densityQuery(name, askedFrom, askedTo), enabled: !isClose && discovered > 0 })
  const close = useQuery({ ...closeUpQuery(name, from, to), enabled: isClose })
  // What was discovered since it was read is not drawn as if nothing were there.
  const drawnTo = isClose || askedTo !== undefined ? to : Math.max(from + 1, density.data?.to_index ?? to)
  const columns = isClose
    ? (close.data?.task_instances ?? []).map(({ map_index: index, state }) => ({
        from: index,
        to: index + 1,
        shares: [[lookOf(state).tone, 1] as const],
      }))
    : columnsOf(density.data)
  const zoom = (next: { from: number; to: number } | null) =>
    void navigate({
      search: (before) => ({ ...before, from: next?.from, to: next?.to }),
      replace: true,
      resetScroll: false,
    })
  const goTo = (index: number) =>
    void navigate({
      search: ({ from, to }) => ({ from, to, at: index }),
      replace: true,
      resetScroll: false,
    })
  if (discovered === 0) return null
  return (
    <Panel
      className="mt-3"
      title="All instances"
      aside={
        <div className="flex flex-wrap items-center gap-2 text-xs text-muted">
          <span data-strip>
            {count(from)} – {count(Math.max(from, to - 1))} of {expansion.exhausted ? "" : "≥ "}
            {count(discovered)}
            {isClose ? " · one by one" : density.data?.is_sampled === true ? " · sampled" : ""}
          </span>
          {span > closeUpMax && (
            <Button
              className="h-7 px-2"
              onClick={() => {
                const middle = Math.floor((from + to) / 2)
                const half = Math.max(closeUpMax / 2, Math.floor(span / 20))
                zoom({ from: Math.max(0, middle - half), to: middle + half })
              }}
            >
              <ZoomIn size={13} aria-hidden /> Closer
            </Button>
          )}
          {(askedFrom !== undefined || askedTo !== undefined) && (
            <Button className="h-7 px-2" onClick={() => zoom(null)}>
              <Maximize2 size={13} aria-hidden /> All
            </Button>
          )}
        </div>
      }
    >
      <Strip columns={columns} from={from} to={drawnTo} onZoom={zoom} onPick={goTo} />
    </Panel>
  )
}

function columnsOf(density: Density | undefined): readonly Column[] {
  if (density === undefined) return []
  const { from_index: start, bucket_size: size } = density
  return density.buckets.map((bucket, place) => {
    const sum = Object.values(bucket).reduce((all, n) => all + n, 0)
    const part = (n: number) => (sum === 0 ? 0 : n / sum)
    return {
      from: Math.floor(start + place * size),
      to: Math.floor(start + (place + 1) * size),
      shares: [
        ["success", part(bucket.success)],
        ["skipped", part(bucket.skipped)],
        ["running", part(bucket.begun)],
        ["idle", part(bucket.scheduled)],
        ["upstream", part(bucket.upstream_failed)],
        ["failed", part(bucket.failed)],
      ],
    }
  })
}

function Strip({
  columns,
  from,
  to,
  onZoom,
  onPick,
}: {
  readonly columns: readonly Column[]
  readonly from: number
  readonly to: number
  readonly onZoom: (range: { from: number; to: number }) => void
  readonly onPick: (index: number) => void
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const theme = useTheme()
  const [width, setWidth] = useState(0)
  const [drag, setDrag] = useState<{ readonly at: number; readonly now: number } | null>(null)
  const [hover, setHover] = useState<number | null>(null)
  const [cursor, setCursor] = useState(from)
  const span = Math.max(1, to - from)
  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    if (canvas.current !== null && width > 0) draw(canvas.current, columns, { from, span, width })
  }, [columns, from, span, width, theme])
  const indexAt = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect()
    const part = Math.min(0.999_999, Math.max(0, (event.clientX - box.left) / box.width))
    return Math.floor(from + part * span)
  }
  const place = (index: number) => `${((index - from) / span) * 100}%`
  const onUp = (event: PointerEvent) => {
    if (drag === null) return
    const index = indexAt(event)
    setDrag(null)
    const [start, end] = drag.at < index ? [drag.at, index] : [index, drag.at]
    if (end - start < Math.max(2, span / 200)) onPick(index)
    else onZoom({ from: start, to: end + 1 })
  }
  const onKey = (event: KeyboardEvent) => {
    const step = Math.max(1, Math.round(span / (event.shiftKey ? 10 : 100)))
    const by = { ArrowLeft: -step, ArrowRight: step }[event.key]
    if (by !== undefined) {
      event.preventDefault()
      setCursor(Math.min(to - 1, Math.max(from, cursor + by)))
    }
    if (event.key === "Enter") onPick(cursor)
  }
  const column = hover === null ? undefined : columns.find((one) => one.from <= hover && hover < one.to)
  return (
    <div className="p-3">
      <div
        role="slider"
        tabIndex={0}
        aria-label="An index of the map"
        aria-valuemin={from}
        aria-valuemax={Math.max(from, to - 1)}
        aria-valuenow={cursor}
        aria-valuetext={`index ${cursor}; Enter shows it in the list`}
        onKeyDown={onKey}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          setDrag({ at: indexAt(event), now: indexAt(event) })
        }}
        onPointerMove={(event) => {
          setHover(indexAt(event))
          if (drag !== null) setDrag({ ...drag, now: indexAt(event) })
        }}
        onPointerLeave={() => setHover(null)}
        onPointerUp={onUp}
        className="relative cursor-crosshair touch-pan-y overflow-hidden rounded-md bg-sunken select-none"
        style={{ height }}
      >
        <canvas ref={canvas} aria-hidden className="block w-full" style={{ height }} />
        {drag !== null && (
          <div
            className="absolute inset-y-0 border-x border-accent bg-accent/20"
            style={{
              left: place(Math.min(drag.at, drag.now)),
              width: `${(Math.abs(drag.now - drag.at) / span) * 100}%`,
            }}
          />
        )}
        {hover !== null && drag === null && (
          <div
            className="pointer-events-none absolute inset-y-0 w-px bg-ink/60"
            style={{ left: place(hover) }}
          />
        )}
      </div>
      <div className="mt-1 flex justify-between gap-4 text-xs text-muted">
        <span>{count(from)}</span>
        <span className="truncate text-center">
          {hover === null ? "Click to go to an index, drag to look closer" : wordsOf(hover, column)}
        </span>
        <span>{count(Math.max(from, to - 1))}</span>
      </div>
    </div>
  )
}

function wordsOf(index: number, column: Column | undefined): string {
  if (column === undefined) return count(index)
  const parts = column.shares
    .filter(([, share]) => share > 0)
    .map(([tone, share]) => `${tone === "idle" ? "scheduled" : tone} ${Math.round(share * 100)} %`)
  const range = column.to - column.from > 1 ? `${count(column.from)} – ${count(column.to - 1)}` : count(index)
  return `${range}: ${parts.join(", ")}`
}

/** A failure among a thousand successes is still drawn: this high at least. */
const failureHeightMin = 5

function draw(
  canvas: HTMLCanvasElement,
  columns: readonly Column[],
  { from, span, width }: { from: number; span: number; width: number },
): void {
  const scale = devicePixelRatio
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  const pen = canvas.getContext("2d")
  if (pen === null) return
  const style = getComputedStyle(canvas)
  const colors = new Map(
    tones.map((tone) => [tone as string, style.getPropertyValue(`--s-${tone}-fill`).trim()]),
  )
  pen.scale(scale, scale)
  for (const column of columns) {
    // On whole pixels of the screen, so that neighbours of one colour are one area.
    const edge = (index: number) => Math.round(((index - from) / span) * width * scale) / scale
    const [left, right] = [edge(column.from), edge(column.to)]
    const gap = column.to - column.from === 1 && right - left > 4 ? 1 : 0
    let top = height
    for (const [tone, share] of column.shares) {
      if (share === 0) continue
      const isFailure = tone === "failed" || tone === "upstream"
      const tall = Math.max(isFailure ? failureHeightMin : 0, share * height)
      top -= tall
      pen.fillStyle = colors.get(tone) ?? "gray"
      pen.fillRect(left, Math.max(0, top), Math.max(1 / scale, right - left - gap), tall)
    }
  }
}
