import type { Expansion } from "@sluice/api/wire"
import { Download, Play, Square } from "lucide-react"
import { useEffect, useRef, useState } from "react"
import { send } from "../../api/client.ts"
import { mapPath, type TaskName } from "../../api/queries.ts"
import { Button } from "../../components/button.tsx"
import { Empty, Problem, Skeleton } from "../../components/feedback.tsx"
import { FixedRows } from "../../components/fixed-rows.tsx"
import { notify, notifyProblem } from "../../components/notices.tsx"
import { Panel } from "../../components/page.tsx"
import { bytes, count, jsonLine } from "../../model/format.ts"
import { columnsOf, linesOf, type ResultLine } from "../../model/result-lines.ts"

/** How many results are read at once. */
const readMax = 500

/** The most results that the table holds; what came first goes first. */
const heldMax = 10_000

/** What a map's instances return: as a table, followed live, or saved as a file. */
export function MapResults({ name, expansion }: { readonly name: TaskName; readonly expansion: Expansion }) {
  const [lines, setLines] = useState<readonly ResultLine[]>([])
  const [cursor, setCursor] = useState<string | null>(null)
  const [isEnd, setEnd] = useState(false)
  const [isFollowing, setFollowing] = useState(false)
  const [isReading, setReading] = useState(false)
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
    void read(false, null)
    return () => reading.current?.abort()
    // Begun anew for another map, and for nothing else.
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `read` is made anew with each drawing.
  }, [dagId, runId, taskId])
  const columns = columnsOf(
    lines.slice(0, 50).flatMap(({ type, value }) => (type === "result" ? [value] : [])),
  )
  return (
    <Panel
      title="Results"
      aside={
        <div className="flex flex-wrap items-center gap-2">
          <span className="text-xs text-muted">
            {count(lines.length)} read{isEnd ? ", the end" : ""}
          </span>
          {isFollowing ? (
            <Button className="h-7 px-2" onClick={() => reading.current?.abort()}>
              <Square size={13} aria-hidden /> Stop
            </Button>
          ) : (
            !isEnd && (
              <>
                <Button className="h-7 px-2" disabled={isReading} onClick={() => void read(false, cursor)}>
                  Next {count(readMax)}
                </Button>
                <Button className="h-7 px-2" disabled={isReading} onClick={() => void read(true, cursor)}>
                  <Play size={13} aria-hidden /> Follow
                </Button>
              </>
            )
          )}
          <SaveButton name={name} format="ndjson" />
          <SaveButton name={name} format="csv" />
        </div>
      }
    >
      {error !== null && <Problem error={error} onRetry={() => void read(false, cursor)} />}
      {lines.length === 0 && error === null && isReading && <Skeleton />}
      {lines.length === 0 && error === null && !isReading && (
        <Empty title={expansion.exhausted ? "There are no results" : "No result is there yet"}>
          Results come in the order of their indexes: one that is still to come holds back those after it.
        </Empty>
      )}
      {lines.length > 0 && (
        <div className="overflow-x-auto">
          <div style={{ minWidth: columns.length * 130 + 90 }}>
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
              render={(place) => <ResultRow line={lines[place]} columns={columns} />}
            />
          </div>
        </div>
      )}
    </Panel>
  )
}

function ResultRow({
  line,
  columns,
}: {
  readonly line: ResultLine | undefined
  readonly columns: readonly string[]
}) {
  if (line === undefined) return null
  const value = line.value
  return (
    <div className="flex h-full items-center gap-3 border-b border-line px-3 hover:bg-sunken">
      <span className="w-20 shrink-0 text-right text-muted">{count(line.map_index ?? 0)}</span>
      {line.type === "gap" ? (
        <span className="text-muted">none: {line.reason?.replace("_", " ")}</span>
      ) : columns.length === 0 ? (
        <span className="truncate font-mono text-xs">{jsonLine(value)}</span>
      ) : (
        columns.map((column) => (
          <span key={column} className="flex-1 truncate font-mono text-xs">
            {jsonLine((value as Record<string, unknown>)[column] ?? "")}
          </span>
        ))
      )}
    </div>
  )
}

/** What a browser that can write to a file as it comes has. */
interface FilePicker {
  readonly showSaveFilePicker?: (options: {
    suggestedName: string
  }) => Promise<{ createWritable: () => Promise<WritableStream<Uint8Array>> }>
}

/** Saves all results that there are, as they come: straight to the file where the browser can, else once all is there. */
function SaveButton({ name, format }: { readonly name: TaskName; readonly format: "ndjson" | "csv" }) {
  const [saved, setSaved] = useState<number | null>(null)
  const save = async () => {
    const fileName = `${name.dagId}.${name.runId}.${name.taskId}.${format}`.replaceAll(/[^\w.-]/g, "_")
    try {
      const picker = (globalThis as FilePicker).showSaveFilePicker
      const target = await picker?.({ suggestedName: fileName }).then((file) => file.createWritable())
      setSaved(0)
      const response = await send(`${mapPath(name)}/results`, {
        query: { follow: false },
        headers: { accept: format === "csv" ? "text/csv" : "application/x-ndjson" },
      })
      if (response.body === null) return
      const counted = response.body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            setSaved((before) => (before ?? 0) + chunk.length)
            controller.enqueue(chunk)
          },
        }),
      )
      if (target === undefined) offer(await new Response(counted).blob(), fileName)
      else await counted.pipeTo(target)
      notify(`${fileName} is saved.`)
    } catch (error) {
      if (error instanceof Error && error.name !== "AbortError") notifyProblem(error)
    } finally {
      setSaved(null)
    }
  }
  return (
    <Button className="h-7 px-2" disabled={saved !== null} onClick={() => void save()}>
      <Download size={13} aria-hidden /> {saved === null ? format.toUpperCase() : bytes(saved)}
    </Button>
  )
}

function offer(blob: Blob, fileName: string): void {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = fileName
  link.click()
  URL.revokeObjectURL(link.href)
}
