import { useVirtualizer } from "@tanstack/react-virtual"
import { ArrowDown } from "lucide-react"
import { useEffect, useMemo, useRef, useState } from "react"
import { send } from "../api/client.ts"
import type { LogLine } from "../api/queries.ts"
import { ansiParts } from "../model/ansi.ts"
import { jsonLine } from "../model/format.ts"
import { linesOf } from "../model/result-lines.ts"
import { Button } from "./button.tsx"
import { Empty, Problem } from "./feedback.tsx"

/** The most lines that are held; what came first goes first, and that is said. */
const linesMax = 20_000

/** How long is waited after a connection was lost. */
const retryMs = 2_000

interface TailLine extends LogLine {
  readonly type: "line" | "waiting" | "end"
  readonly cursor: string
}

/** How a log is: its lines, and whether more may come. */
interface Tail {
  readonly lines: readonly LogLine[]
  readonly dropped: number
  readonly isEnd: boolean
  readonly error: Error | null
}

const nothing: Tail = { lines: [], dropped: 0, isEnd: false, error: null }

/** Follows a log as it is written; goes on where it was after a lost connection. */
function useTail(address: string, mapIndex: number): Tail {
  const [tail, setTail] = useState(nothing)
  useEffect(() => {
    const leaving = new AbortController()
    setTail(nothing)
    void follow(address, mapIndex, leaving.signal, (change) => setTail(change))
    return () => leaving.abort()
  }, [address, mapIndex])
  return tail
}

async function follow(
  address: string,
  mapIndex: number,
  signal: AbortSignal,
  change: (next: (before: Tail) => Tail) => void,
): Promise<void> {
  let after: string | undefined
  while (!signal.aborted) {
    try {
      const { body } = await send(`${address}/tail`, { signal, query: { map_index: mapIndex, after } })
      if (body === null) return
      for await (const some of linesOf<TailLine>(body)) {
        after = some.at(-1)?.cursor ?? after
        const lines = some.filter(({ type }) => type === "line")
        const isEnd = some.some(({ type }) => type === "end")
        change((before) => {
          const all = [...before.lines, ...lines]
          const extra = Math.max(0, all.length - linesMax)
          return {
            lines: extra === 0 ? all : all.slice(extra),
            dropped: before.dropped + extra,
            isEnd,
            error: null,
          }
        })
        if (isEnd) return
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof Error) change((before) => ({ ...before, error }))
      if (error instanceof Error && error.name === "ApiProblem") return
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}

const levels = ["debug", "info", "warn", "error"]
const inks: Readonly<Record<string, string>> = {
  debug: "var(--muted)",
  info: "var(--s-running)",
  warn: "var(--s-retry)",
  error: "var(--s-failed)",
}

const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
})

/** A log: live, by level, searched, with its colours. */
export function Log({
  address,
  mapIndex,
  level,
  search,
}: {
  readonly address: string
  readonly mapIndex: number
  /** The least level that is shown. */
  readonly level: string
  readonly search: string
}) {
  const { lines, dropped, isEnd, error } = useTail(address, mapIndex)
  const place = useRef<HTMLDivElement>(null)
  const [isAtEnd, setAtEnd] = useState(true)
  const shown = useMemo(() => {
    const least = levels.indexOf(level)
    const needle = search.toLowerCase()
    return lines.filter(
      (line) =>
        levels.indexOf(line.level ?? "info") >= least &&
        (needle === "" || textOf(line).toLowerCase().includes(needle)),
    )
  }, [lines, level, search])
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => place.current,
    estimateSize: () => 22,
    overscan: 20,
  })
  useEffect(() => {
    if (isAtEnd && shown.length > 0) rows.scrollToIndex(shown.length - 1, { align: "end" })
  }, [isAtEnd, shown.length, rows])
  if (error !== null && lines.length === 0) return <Problem error={error} />
  if (lines.length === 0)
    return (
      <Empty title={isEnd ? "Nothing was logged" : "Nothing was logged yet"}>
        {isEnd ? null : "Lines come up here as they are written."}
      </Empty>
    )
  return (
    <div className="relative">
      {dropped > 0 && (
        <p className="m-0 border-b border-line px-3 py-1 text-xs text-muted">
          {dropped} older lines are left out.
        </p>
      )}
      <div
        ref={place}
        tabIndex={0}
        role="log"
        aria-label="Log"
        onScroll={({ currentTarget: at }) => setAtEnd(at.scrollHeight - at.scrollTop - at.clientHeight < 30)}
        className="max-h-[60vh] overflow-auto py-1 font-mono text-xs"
      >
        <div style={{ height: rows.getTotalSize(), position: "relative" }}>
          {rows.getVirtualItems().map((row) => {
            const line = shown[row.index]
            return line === undefined ? null : (
              <div
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                className="absolute inset-x-0 flex gap-3 px-3 py-[3px] leading-4"
                style={{ transform: `translateY(${row.start}px)` }}
              >
                <LogRow line={line} />
              </div>
            )
          })}
        </div>
        {shown.length === 0 && <p className="m-0 px-3 py-4 font-sans text-muted">No line is like this.</p>}
      </div>
      <div className="flex items-center justify-between border-t border-line px-3 py-1.5 text-xs text-muted">
        <span>
          {shown.length} of {lines.length} lines{isEnd ? "" : " · live"}
        </span>
        {!isAtEnd && (
          <Button className="h-6 px-2 text-xs" onClick={() => setAtEnd(true)}>
            <ArrowDown size={12} aria-hidden /> To the end
          </Button>
        )}
      </div>
    </div>
  )
}

function textOf(line: LogLine): string {
  return line.fields == null ? line.event : `${line.event} ${jsonLine(line.fields, 10_000)}`
}

function LogRow({ line }: { readonly line: LogLine }) {
  const level = line.level ?? "info"
  return (
    <>
      <span className="shrink-0 text-muted" title={line.timestamp}>
        {line.timestamp === undefined ? "" : clock.format(new Date(line.timestamp))}
      </span>
      <span className="w-10 shrink-0 font-semibold" style={{ color: inks[level] }}>
        {level}
      </span>
      <span className="min-w-0 flex-1 break-words whitespace-pre-wrap">
        {ansiParts(line.event).map((part, at) => (
          <span
            // oxlint-disable-next-line react/no-array-index-key -- the parts of a line have no other name.
            key={at}
            style={{
              color: part.tone === null ? undefined : `var(--s-${part.tone})`,
              fontWeight: part.isBold ? 700 : undefined,
            }}
          >
            {part.text}
          </span>
        ))}
        {line.fields != null && <span className="ml-2 text-muted">{jsonLine(line.fields, 2_000)}</span>}
      </span>
    </>
  )
}
