import type { Expansion } from "@sluice/api/wire"
import { Link, useNavigate, useSearch } from "@tanstack/react-router"
import { ArrowUpRight, Play, Square, X } from "lucide-react"
import { useEffect, useRef, useState } from "react"
import { send } from "../../api/client.ts"
import { mapPath, type TaskName } from "../../api/queries.ts"
import { Button, IconButton } from "../../components/button.tsx"
import { Empty, Problem, Skeleton } from "../../components/feedback.tsx"
import { FixedRows } from "../../components/fixed-rows.tsx"
import { JsonView } from "../../components/json.tsx"
import { useKeys } from "../../components/keys.ts"
import { Panel } from "../../components/page.tsx"
import { count, jsonLine } from "../../model/format.ts"
import { columnsOf, linesOf, type ResultLine } from "../../model/result-lines.ts"
import { SaveResults } from "./save-results.tsx"

/** How many results are read at once. */
const readMax = 500

/** The most results that the table holds; what came first goes first. */
const heldMax = 10_000

/** What has been read of a map's results, and how it is read on. */
function useResults(name: TaskName) {
  const [lines, setLines] = useState<readonly ResultLine[]>([])
  const [cursor, setCursor] = useState<string | null>(null)
  const [isEnd, setEnd] = useState(false)
  const [isFollowing, setFollowing] = useState(false)
  const [isReading, setReading] = useState(true)
  const [error, setError] = useState<Error | null>(null)
  const reading = useRef<AbortController>(null)
  const read = async (follow: boolean, after: string | null) => {
    reading.current?.abort()
    const controller = new AbortController()
    reading.current = controller
    setReading(true)
    setFollowing(follow)
    setError(null)
    try {
      const response = await send(`${mapPath(name)}/results`, {
        signal: controller.signal,
        query: { follow, after, limit: follow ? undefined : readMax },
      })
      if (response.body === null) return
      for await (const some of linesOf<ResultLine>(response.body)) {
        const shown = some.filter(({ type }) => type === "result" || type === "gap")
        setLines((before) => [...before, ...shown].slice(-heldMax))
        setCursor(some.at(-1)?.cursor ?? after)
        if (some.some(({ type }) => type === "end")) setEnd(true)
      }
    } catch (failure) {
      if (!controller.signal.aborted && failure instanceof Error) setError(failure)
    } finally {
      if (reading.current === controller) {
        setReading(false)
        setFollowing(false)
      }
    }
  }
  const { dagId, runId, taskId } = name
  useEffect(() => {
    setLines([])
    setEnd(false)
    void read(false, null)
    return () => reading.current?.abort()
    // Begun anew for another map, and for nothing else.
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `read` is made anew with each drawing.
  }, [dagId, runId, taskId])
  return {
    ...{ lines, isEnd, isFollowing, isReading, error },
    readOn: (follow: boolean) => void read(follow, cursor),
    stop: () => reading.current?.abort(),
  }
}

/** What a map's instances return: as a table or as JSON, followed live, or saved as a file. */
export function MapResults({ name, expansion }: { readonly name: TaskName; readonly expansion: Expansion }) {
  const { lines, isEnd, isFollowing, isReading, error, readOn, stop } = useResults(name)
  const { as } = useSearch({ from: "/shell/dags/$dagId/runs/$runId/tasks/$taskId" })
  const navigate = useNavigate({ from: "/dags/$dagId/runs/$runId/tasks/$taskId" })
  const show = (next: "json" | undefined) =>
    void navigate({ search: (before) => ({ ...before, as: next }), replace: true, resetScroll: false })
  const found = columnsOf(lines.slice(0, 50).flatMap(({ type, value }) => (type === "result" ? [value] : [])))
  return (
    <Panel
      title="Results"
      aside={
        <div className="flex flex-wrap items-center gap-2">
          <span className="text-xs text-muted" data-read>
            {count(lines.length)} read{isEnd ? ", the end" : ""}
          </span>
          {isFollowing ? (
            <Button className="h-7 px-2" onClick={stop}>
              <Square size={13} aria-hidden /> Stop
            </Button>
          ) : (
            !isEnd && (
              <>
                <Button className="h-7 px-2" disabled={isReading} onClick={() => readOn(false)}>
                  Next {count(readMax)}
                </Button>
                <Button className="h-7 px-2" disabled={isReading} onClick={() => readOn(true)}>
                  <Play size={13} aria-hidden /> Follow
                </Button>
              </>
            )
          )}
          <div
            role="group"
            aria-label="Shown as"
            className="flex overflow-hidden rounded-md border border-line"
          >
            <Way isOn={as === undefined} onClick={() => show(undefined)}>
              Table
            </Way>
            <Way isOn={as === "json"} onClick={() => show("json")}>
              JSON
            </Way>
          </div>
          <SaveResults name={name} format="ndjson" />
          <SaveResults name={name} format="csv" />
        </div>
      }
    >
      {error !== null && <Problem error={error} onRetry={() => readOn(false)} />}
      {lines.length === 0 && error === null && isReading && !isFollowing && <Skeleton />}
      {lines.length === 0 && error === null && (!isReading || isFollowing) && (
        <Empty title={expansion.exhausted && isEnd ? "There are no results" : "No result is there yet"}>
          Results come in the order of their indexes: one that is still to come holds back those after it.
        </Empty>
      )}
      {lines.length > 0 && <ResultList name={name} lines={lines} columns={as === "json" ? [] : found} />}
    </Panel>
  )
}

function Way({
  isOn,
  onClick,
  children,
}: {
  readonly isOn: boolean
  readonly onClick: () => void
  readonly children: string
}) {
  return (
    <button
      type="button"
      aria-pressed={isOn}
      onClick={onClick}
      className={`h-[26px] px-2 text-xs font-medium ${isOn ? "bg-accent-wash text-accent" : "text-soft hover:bg-sunken"}`}
    >
      {children}
    </button>
  )
}

/** How wide a column is at least, and what stands before the columns. */
const columnWidth = 130
const indexWidth = 90

/** The rows, and all of the one that was chosen. */
function ResultList({
  name,
  lines,
  columns,
}: {
  readonly name: TaskName
  readonly lines: readonly ResultLine[]
  readonly columns: readonly string[]
}) {
  const { at } = useSearch({ from: "/shell/dags/$dagId/runs/$runId/tasks/$taskId" })
  const navigate = useNavigate({ from: "/dags/$dagId/runs/$runId/tasks/$taskId" })
  const choose = (index: number | undefined) =>
    void navigate({ search: (before) => ({ ...before, at: index }), replace: true, resetScroll: false })
  const chosen = at === undefined ? undefined : lines.find(({ map_index: index }) => index === at)
  useKeys(chosen === undefined ? {} : { Escape: () => choose(undefined) })
  return (
    <div className={chosen === undefined ? "" : "lg:grid lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]"}>
      <div className="overflow-x-auto">
        <div style={{ minWidth: columns.length * columnWidth + indexWidth }}>
          <div className="eyebrow flex h-8 items-center gap-3 border-b border-line px-3">
            <span className="w-20 shrink-0 text-right">Index</span>
            {columns.length === 0 ? (
              <span>Value</span>
            ) : (
              columns.map((column) => (
                <span key={column} className="flex-1 truncate normal-case">
                  {column}
                </span>
              ))
            )}
          </div>
          <FixedRows
            count={lines.length}
            rowHeight={30}
            height={`min(62vh, ${lines.length * 30 + 2}px)`}
            label="Results"
            render={(place) => {
              const line = lines[place]
              return line === undefined ? null : (
                <ResultRow
                  line={line}
                  columns={columns}
                  isChosen={line === chosen}
                  onChoose={() => choose(line === chosen ? undefined : line.map_index)}
                />
              )
            }}
          />
        </div>
      </div>
      {chosen !== undefined && <Chosen name={name} line={chosen} onClose={() => choose(undefined)} />}
    </div>
  )
}

function ResultRow({
  line,
  columns,
  isChosen,
  onChoose,
}: {
  readonly line: ResultLine
  readonly columns: readonly string[]
  readonly isChosen: boolean
  readonly onChoose: () => void
}) {
  const { value } = line
  return (
    <button
      type="button"
      aria-pressed={isChosen}
      onClick={onChoose}
      className={`flex h-full w-full items-center gap-3 border-b border-line px-3 text-left hover:bg-sunken focus-visible:-outline-offset-2 ${isChosen ? "bg-accent-wash" : ""}`}
    >
      <span className="w-20 shrink-0 text-right text-muted">{count(line.map_index ?? 0)}</span>
      {line.type === "gap" ? (
        <span className="text-muted">none: {line.reason?.replace("_", " ")}</span>
      ) : columns.length === 0 ? (
        <span className="truncate font-mono text-xs">{jsonLine(value)}</span>
      ) : (
        columns.map((column) => (
          <span key={column} className="flex-1 truncate font-mono text-xs">
            {cellOf(value, column)}
          </span>
        ))
      )}
    </button>
  )
}

function cellOf(value: unknown, column: string): string {
  if (typeof value !== "object" || value === null) return ""
  return jsonLine((value as Record<string, unknown>)[column] ?? "")
}

function Chosen({
  name,
  line,
  onClose,
}: {
  readonly name: TaskName
  readonly line: ResultLine
  readonly onClose: () => void
}) {
  const index = line.map_index ?? 0
  return (
    <aside aria-label={`Result ${index}`} className="min-w-0 border-t border-line lg:border-t-0 lg:border-l">
      <div className="flex h-8 items-center justify-between gap-2 border-b border-line pr-1 pl-3">
        <span className="font-semibold">Result {count(index)}</span>
        <span className="flex items-center gap-1">
          <Link
            to="/dags/$dagId/runs/$runId/tasks/$taskId/$mapIndex"
            params={{ ...name, mapIndex: String(index) }}
            className="inline-flex items-center gap-1 text-xs text-accent hover:underline"
          >
            Its instance <ArrowUpRight size={12} aria-hidden />
          </Link>
          <IconButton label="Close Esc" className="size-7" onClick={onClose}>
            <X size={14} aria-hidden />
          </IconButton>
        </span>
      </div>
      {line.type === "gap" ? (
        <p className="m-0 p-3 text-muted">It left none: {line.reason?.replace("_", " ")}.</p>
      ) : (
        <JsonView value={line.value} label={`Result ${index}`} />
      )}
    </aside>
  )
}
