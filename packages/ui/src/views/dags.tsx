import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { Link, useNavigate, useSearch } from "@tanstack/react-router"
import type { Dag, DagRun } from "@sluice/api/wire"
import { FileWarning, Pause, Play, SearchX, Workflow } from "lucide-react"
import { useEffect, useRef, useState } from "react"
import { api, path } from "../api/client.ts"
import { dagsQuery, importErrorsQuery, recentRunsQuery, tagsQuery } from "../api/queries.ts"
import { Button, IconButton } from "../components/button.tsx"
import { Empty, Loaded } from "../components/feedback.tsx"
import { Input, Select } from "../components/field.tsx"
import { useAction } from "../components/mutation.ts"
import { PageHead, Panel } from "../components/page.tsx"
import { useDenied } from "../components/role.ts"
import { RunStrip } from "../components/run-strip.tsx"
import { ActionsHead, Table } from "../components/table.tsx"
import { Time } from "../components/time.tsx"
import { count } from "../model/format.ts"
import { TriggerDialog } from "./trigger-dialog.tsx"

/** All DAGs: searched, filtered, paused, started. */
export function Dags() {
  const search = useSearch({ from: "/shell/dags" })
  const navigate = useNavigate({ from: "/dags" })
  const { data: tags } = useQuery(tagsQuery)
  const found = useInfiniteQuery(
    dagsQuery({
      q: search.q,
      tag: search.tag,
      state: search.state,
      paused: search.paused === undefined ? undefined : search.paused === "yes",
    }),
  )
  const set = (change: Partial<typeof search>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
  const isNarrowed = Object.values(search).some((value) => value !== undefined)
  return (
    <>
      <PageHead title="DAGs" meta={<ImportErrorsNote />} />
      <div className="mb-3 flex flex-wrap gap-2">
        <SearchField value={search.q ?? ""} onChange={(q) => set({ q: q === "" ? undefined : q })} />
        <Select
          aria-label="Last run"
          value={search.state ?? ""}
          onChange={(event) => set({ state: event.target.value || undefined })}
        >
          <option value="">Any last run</option>
          <option value="running">Running</option>
          <option value="failed">Failed</option>
          <option value="success">Succeeded</option>
          <option value="queued">Queued</option>
        </Select>
        <Select
          aria-label="Paused"
          value={search.paused ?? ""}
          onChange={(event) =>
            set({ paused: event.target.value === "" ? undefined : (event.target.value as "yes" | "no") })
          }
        >
          <option value="">Paused or not</option>
          <option value="no">Not paused</option>
          <option value="yes">Paused</option>
        </Select>
        {(tags?.tags.length ?? 0) > 0 && (
          <Select
            aria-label="Tag"
            value={search.tag ?? ""}
            onChange={(event) => set({ tag: event.target.value || undefined })}
          >
            <option value="">Any tag</option>
            {tags?.tags.map((tag) => (
              <option key={tag}>{tag}</option>
            ))}
          </Select>
        )}
      </div>
      <Panel>
        <Loaded query={found} rows={8}>
          {({ pages }) => {
            const dags = pages.flatMap((page) => page.dags)
            const all = pages[0]?.total_entries ?? 0
            if (dags.length === 0)
              return isNarrowed ? <NothingFound onClear={() => void navigate({ search: {} })} /> : <NoDags />
            return (
              <>
                <DagTable dags={dags} />
                <div className="flex items-center justify-between border-t border-line px-3 py-2 text-xs text-muted">
                  <span>
                    {count(dags.length)} of {count(all)}
                  </span>
                  {found.hasNextPage && (
                    <Button onClick={() => void found.fetchNextPage()} disabled={found.isFetchingNextPage}>
                      More
                    </Button>
                  )}
                </div>
              </>
            )
          }}
        </Loaded>
      </Panel>
    </>
  )
}

/** How long typing rests before it is searched. */
const searchAfterMs = 200

function SearchField({
  value,
  onChange,
}: {
  readonly value: string
  readonly onChange: (text: string) => void
}) {
  const [text, setText] = useState(value)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => setText(value), [value])
  return (
    <Input
      type="search"
      data-search
      aria-label="Search DAGs"
      placeholder="Search DAGs   /"
      className="min-w-48 flex-1"
      value={text}
      onChange={(event) => {
        const typed = event.target.value
        setText(typed)
        clearTimeout(timer.current)
        timer.current = setTimeout(() => onChange(typed), searchAfterMs)
      }}
    />
  )
}

function ImportErrorsNote() {
  const { data } = useQuery(importErrorsQuery)
  if (data === undefined || data.total_entries === 0) return null
  return (
    <Link to="/errors" className="inline-flex items-center gap-1.5 font-medium text-danger hover:underline">
      <FileWarning size={14} aria-hidden />
      {data.total_entries === 1
        ? "One DAG file cannot be used"
        : `${data.total_entries} DAG files cannot be used`}
    </Link>
  )
}

function DagTable({ dags }: { readonly dags: readonly Dag[] }) {
  const ids = dags.map((dag) => dag.dag_id)
  const { data } = useQuery(recentRunsQuery(ids.slice(-100)))
  const runsOf = new Map(data?.dags.map((dag) => [dag.dag_id, dag.dag_runs]))
  return (
    <Table
      head={
        <>
          <th>DAG</th>
          <th className="hidden lg:table-cell">Schedule</th>
          <th className="hidden xl:table-cell">Next run</th>
          <th className="hidden sm:table-cell">Last runs</th>
          <th className="hidden md:table-cell">Last start</th>
          <ActionsHead />
        </>
      }
    >
      {dags.map((dag) => (
        <DagRow key={dag.dag_id} dag={dag} runs={runsOf.get(dag.dag_id)} />
      ))}
    </Table>
  )
}

function DagRow({ dag, runs }: { readonly dag: Dag; readonly runs: readonly DagRun[] | undefined }) {
  const [isTriggering, setTriggering] = useState(false)
  const denied = useDenied()
  const last = runs?.[0]
  return (
    <tr data-row>
      <td className="w-full max-w-0 min-w-40">
        <div className="flex items-center gap-2">
          <Link
            to="/dags/$dagId"
            params={{ dagId: dag.dag_id }}
            className={`truncate font-semibold hover:text-accent ${dag.is_paused ? "text-muted" : ""}`}
          >
            {dag.dag_id}
          </Link>
          {dag.is_paused && (
            <span className="rounded border border-line px-1.5 text-2xs font-medium text-muted">paused</span>
          )}
          {dag.has_import_errors && (
            <FileWarning size={14} className="text-danger" aria-label="its file has an error" />
          )}
        </div>
        <div className="flex items-center gap-2 truncate text-xs text-muted">
          <span className="truncate">{dag.description}</span>
          {dag.tags.map((tag) => (
            <Link
              key={tag.name}
              to="/dags"
              search={{ tag: tag.name }}
              className="rounded bg-sunken px-1.5 text-2xs hover:text-ink"
            >
              {tag.name}
            </Link>
          ))}
        </div>
        <div className="mt-1 sm:hidden">{runs !== undefined && <RunStrip runs={runs} />}</div>
      </td>
      <td className="hidden font-mono text-xs whitespace-nowrap lg:table-cell">
        {dag.timetable_summary ?? <span className="text-muted">–</span>}
      </td>
      <td className="hidden whitespace-nowrap xl:table-cell">
        <Time at={dag.next_dagrun_run_after} isRelative />
      </td>
      <td className="hidden sm:table-cell">{runs === undefined ? null : <RunStrip runs={runs} />}</td>
      <td className="hidden whitespace-nowrap text-muted md:table-cell">
        {last === undefined ? "–" : <Time at={last.start_date ?? last.queued_at} isRelative />}
      </td>
      <td>
        <div className="flex justify-end gap-1">
          <PauseDagButton dag={dag} />
          <IconButton
            label={`Trigger ${dag.dag_id}`}
            denied={denied("trigger_dag_run")}
            onClick={() => setTriggering(true)}
          >
            <Play size={15} aria-hidden />
          </IconButton>
        </div>
        {isTriggering && <TriggerDialog dagId={dag.dag_id} onClose={() => setTriggering(false)} />}
      </td>
    </tr>
  )
}

/** Pauses a DAG, or lets it go on. */
export function PauseDagButton({ dag }: { readonly dag: Pick<Dag, "dag_id" | "is_paused"> }) {
  const denied = useDenied()
  const pause = useAction({
    run: (isPaused: boolean) =>
      api<Dag>(path`/dags/${dag.dag_id}`, { method: "PATCH", body: { is_paused: isPaused } }),
    touches: [["dags"]],
    done: (changed) =>
      changed.is_paused ? `${dag.dag_id} is paused: no new run starts.` : `${dag.dag_id} goes on.`,
  })
  return (
    <IconButton
      label={dag.is_paused ? `Unpause ${dag.dag_id}` : `Pause ${dag.dag_id}`}
      denied={denied("patch_dag")}
      disabled={pause.isPending}
      onClick={() => pause.mutate(!dag.is_paused)}
    >
      {dag.is_paused ? <Play size={15} aria-hidden fill="currentColor" /> : <Pause size={15} aria-hidden />}
    </IconButton>
  )
}

function NothingFound({ onClear }: { readonly onClear: () => void }) {
  return (
    <Empty title="No DAG is like this" icon={<SearchX size={22} aria-hidden />}>
      <Button className="mt-2" onClick={onClear}>
        Show all
      </Button>
    </Empty>
  )
}

function NoDags() {
  return (
    <Empty title="There are no DAGs yet" icon={<Workflow size={22} aria-hidden />}>
      <p>
        Save a DAG file in the folder that <code className="font-mono">sluice dev</code> watches: it comes up
        here at once. <code className="font-mono">npx sluice init</code> writes a first one.
      </p>
    </Empty>
  )
}
