import type { DagRun, Expansion } from "@sluice/api/wire"
import { useQuery } from "@tanstack/react-query"
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router"
import { Ban, MoreHorizontal, Play, RotateCw } from "lucide-react"
import { useState } from "react"
import { api, path } from "../api/client.ts"
import { expansionsQuery, type RunName, runQuery, structureQuery } from "../api/queries.ts"
import { Button } from "../components/button.tsx"
import { useNow } from "../components/clock.ts"
import { ConfirmDialog } from "../components/confirm-dialog.tsx"
import { DialogForm } from "../components/dialog-form.tsx"
import { Dialog } from "../components/dialog.tsx"
import { Loaded } from "../components/feedback.tsx"
import { TextField } from "../components/field.tsx"
import { Graph } from "../components/graph.tsx"
import { GroupButtons, useClosedGroups } from "../components/groups.tsx"
import { JsonView } from "../components/json.tsx"
import { Menu, MenuItem } from "../components/menu.tsx"
import { useAction } from "../components/mutation.ts"
import { PageHead, Panel } from "../components/page.tsx"
import { useDenied } from "../components/role.ts"
import { ExpansionStateBadge, State, StateBar } from "../components/state.tsx"
import { Time } from "../components/time.tsx"
import { between, count, duration, total } from "../model/format.ts"
import { endedOf } from "../model/history.ts"
import { fillOf, isRunOver, lookOf, stateOfRun } from "../model/states.ts"
import { marksOf, placeOf, type Timeline, timelineOf } from "../model/timeline.ts"
import { waitInWords } from "../model/waits.ts"

/** A run: its graph, and every task with its state bar on one line of time. */
export function RunView() {
  const name = useParams({ from: "/shell/dags/$dagId/runs/$runId" })
  const run = useQuery(runQuery(name))
  return (
    <Loaded query={run}>
      {(found) => (
        <>
          <RunHead name={name} run={found} />
          <div className="grid gap-3 xl:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
            <RunGraph name={name} run={found} />
            <RunTasks name={name} run={found} />
          </div>
          {found.conf !== null && Object.keys(found.conf).length > 0 && (
            <Panel title="Conf" className="mt-3">
              <JsonView value={found.conf} label="Conf" />
            </Panel>
          )}
        </>
      )}
    </Loaded>
  )
}

function RunHead({ name, run }: { readonly name: RunName; readonly run: DagRun }) {
  const now = useNow()
  const isOver = isRunOver(run.state)
  return (
    <PageHead
      trail={
        <>
          <Link to="/dags" className="hover:text-ink hover:underline">
            DAGs
          </Link>
          <span aria-hidden>/</span>
          <Link to="/dags/$dagId" params={{ dagId: name.dagId }} className="hover:text-ink hover:underline">
            {name.dagId}
          </Link>
        </>
      }
      title={name.runId}
      meta={
        <>
          <State state={stateOfRun(run)} />
          <span>
            {run.start_date === null ? "queued" : "started"} <Time at={run.start_date ?? run.queued_at} />
            {run.start_date !== null &&
              `, ${isOver ? "took" : "running for"} ${between(run.start_date, run.end_date, now)}`}
          </span>
          <span>
            {run.run_type}
            {run.triggering_user_name !== null && ` by ${run.triggering_user_name}`}
          </span>
          {run.logical_date !== null && (
            <span>
              of <Time at={run.logical_date} />
            </span>
          )}
          <span>version {run.dag_versions[0]?.version_number}</span>
          {!isOver && run.awaits_parse && <span>waits until its DAG file has been parsed for it</span>}
          {run.note !== null && <span className="text-soft italic">{run.note}</span>}
        </>
      }
      actions={<RunActions name={name} run={run} />}
    />
  )
}

function RunActions({ name, run }: { readonly name: RunName; readonly run: DagRun }) {
  const [open, setOpen] = useState<"cancel" | "clear" | "delete" | "note" | null>(null)
  const denied = useDenied()("patch_dag_run")
  const clearDenied = useDenied()("clear_dag_run")
  const deleteDenied = useDenied()("delete_dag_run")
  const isOver = isRunOver(run.state)
  const navigate = useNavigate()
  const remove = useAction({
    run: () => api<null>(path`/dags/${name.dagId}/dagRuns/${name.runId}`, { method: "DELETE" }),
    touches: [["dags"]],
    done: () => `Deleted the run ${name.runId}.`,
    onDone: () => void navigate({ to: "/dags/$dagId/runs", params: { dagId: name.dagId } }),
  })
  const change = useAction({
    run: (body: { state?: string; note?: string | null }) =>
      api<DagRun>(path`/dags/${name.dagId}/dagRuns/${name.runId}`, { method: "PATCH", body }),
    touches: [["dags"]],
    done: (changed) =>
      changed.state === "running" || changed.state === "queued" ? "The run goes on." : null,
    onDone: () => setOpen(null),
  })
  return (
    <>
      {isOver && (run.is_cancelled || run.awaits_parse) && (
        <Button look="primary" denied={denied} onClick={() => change.mutate({ state: "queued" })}>
          <Play size={14} aria-hidden /> Take up again
        </Button>
      )}
      {isOver && (
        <Button denied={clearDenied} onClick={() => setOpen("clear")}>
          <RotateCw size={14} aria-hidden /> Run again
        </Button>
      )}
      {!isOver && (
        <Button look="danger" denied={denied} onClick={() => setOpen("cancel")}>
          <Ban size={14} aria-hidden /> Cancel run
        </Button>
      )}
      <Menu
        trigger={
          <button
            type="button"
            aria-label="More"
            className="inline-flex size-8 items-center justify-center rounded-md text-muted hover:bg-sunken"
          >
            <MoreHorizontal size={16} aria-hidden />
          </button>
        }
      >
        <MenuItem isDisabled={denied !== null} onSelect={() => setOpen("note")}>
          Write a note
        </MenuItem>
        <MenuItem onSelect={() => void navigator.clipboard?.writeText(name.runId)}>Copy the run id</MenuItem>
        <MenuItem isDisabled={!isOver || deleteDenied !== null} onSelect={() => setOpen("delete")}>
          Delete the run
        </MenuItem>
      </Menu>
      {open === "cancel" && (
        <ConfirmDialog
          title="Cancel this run?"
          description="What runs is stopped, sources are closed. It can be taken up again where it stood."
          confirm="Cancel the run"
          isPending={change.isPending}
          onConfirm={() => change.mutate({ state: "failed" })}
          onClose={() => setOpen(null)}
        />
      )}
      {open === "delete" && (
        <ConfirmDialog
          title="Delete this run?"
          description="Its results and logs are gone with it. The event log keeps who did what to it."
          confirm="Delete the run"
          isPending={remove.isPending}
          onConfirm={() => remove.mutate(undefined)}
          onClose={() => setOpen(null)}
        />
      )}
      {open === "note" && (
        <NoteDialog
          note={run.note ?? ""}
          onClose={() => setOpen(null)}
          onSave={(note) => change.mutate({ note: note === "" ? null : note })}
        />
      )}
      {open === "clear" && <ClearDialog name={name} onClose={() => setOpen(null)} />}
    </>
  )
}

function NoteDialog({
  note,
  onClose,
  onSave,
}: {
  readonly note: string
  readonly onClose: () => void
  readonly onSave: (note: string) => void
}) {
  const [text, setText] = useState(note)
  return (
    <Dialog isOpen onClose={onClose} title="Note of this run">
      <DialogForm submit="Save" isBlocked={false} onSubmit={() => onSave(text)} onClose={onClose}>
        <TextField label="Note" maxLength={1_000} value={text} onChange={setText} />
      </DialogForm>
    </Dialog>
  )
}

/** Runs a run again, or only what failed of it; how much that would be is told first. */
function ClearDialog({ name, onClose }: { readonly name: RunName; readonly onClose: () => void }) {
  const [onlyFailed, setOnlyFailed] = useState(true)
  const clear = (isDryRun: boolean, signal?: AbortSignal) =>
    api<{ total_entries?: number }>(path`/dags/${name.dagId}/dagRuns/${name.runId}/clear`, {
      method: "POST",
      body: { dry_run: isDryRun, only_failed: onlyFailed },
      signal,
    })
  const preview = useQuery({
    queryKey: ["clear", name, onlyFailed],
    queryFn: ({ signal }) => clear(true, signal),
    staleTime: 0,
  })
  const run = useAction({
    run: () => clear(false),
    touches: [["dags"]],
    done: () => "The run goes on.",
    onDone: onClose,
  })
  const n = preview.data?.total_entries ?? 0
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Run again"
      description="Instances run on the inputs that they have."
    >
      <fieldset className="m-0 flex flex-col gap-2 border-0 p-0">
        <legend className="sr-only">What runs again</legend>
        <label className="flex items-center gap-2">
          <input type="radio" checked={onlyFailed} onChange={() => setOnlyFailed(true)} /> Only what failed
        </label>
        <label className="flex items-center gap-2">
          <input type="radio" checked={!onlyFailed} onChange={() => setOnlyFailed(false)} /> Everything
        </label>
      </fieldset>
      <p className="rounded-md bg-sunken p-3" aria-live="polite">
        {preview.error !== null ? (
          <span className="text-danger">{preview.error.message}</span>
        ) : preview.data === undefined ? (
          "…"
        ) : (
          <>
            <strong>{count(n)}</strong> {n === 1 ? "instance" : "instances"} would run again.
          </>
        )}
      </p>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Close</Button>
        <Button look="primary" disabled={n === 0 || run.isPending} onClick={() => run.mutate(undefined)}>
          Run {count(n)} again
        </Button>
      </div>
    </Dialog>
  )
}

function RunGraph({ name, run }: { readonly name: RunName; readonly run: DagRun }) {
  const navigate = useNavigate()
  const structure = useQuery(structureQuery(name.dagId, run.dag_versions[0]?.version_number))
  const { closed: closedIds } = useSearch({ from: "/shell/dags/$dagId/runs/$runId" })
  const { closed, toggle, setAll } = useClosedGroups(
    closedIds,
    (ids) => void navigate({ to: ".", search: { closed: ids }, replace: true, resetScroll: false }),
  )
  const { data } = useQuery(expansionsQuery(name))
  return (
    <Panel
      title="Graph"
      className="overflow-hidden"
      aside={<GroupButtons groups={structure.data?.task_groups ?? []} closed={closed} onChange={setAll} />}
    >
      <Loaded query={structure}>
        {(shape) => (
          <Graph
            structure={shape}
            closed={closed}
            onToggle={toggle}
            expansions={data?.expansions ?? []}
            height="clamp(280px, 46vh, 520px)"
            onPick={(taskId) =>
              void navigate({ to: "/dags/$dagId/runs/$runId/tasks/$taskId", params: { ...name, taskId } })
            }
          />
        )}
      </Loaded>
    </Panel>
  )
}

function RunTasks({ name, run }: { readonly name: RunName; readonly run: DagRun }) {
  const expansions = useQuery(expansionsQuery(name))
  const now = useNow()
  return (
    <Panel title="Tasks" className="overflow-hidden">
      <Loaded query={expansions}>
        {({ expansions: tasks }) => {
          const line = timelineOf(
            [
              { start: run.start_date, end: run.end_date },
              ...tasks.map(({ start_date: start, end_date: end }) => ({ start, end })),
            ],
            now,
          )
          return (
            <>
              <ul className="m-0 list-none p-0">
                {tasks.map((expansion) => (
                  <TaskRow key={expansion.task_id} name={name} expansion={expansion} line={line} now={now} />
                ))}
              </ul>
              {line !== null && <Marks line={line} />}
            </>
          )
        }}
      </Loaded>
    </Panel>
  )
}

const rowGrid =
  "grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 gap-y-1 sm:grid-cols-[minmax(0,1fr)_minmax(0,0.9fr)_minmax(0,1.6fr)] items-center px-3"

function TaskRow({
  name,
  expansion,
  line,
  now,
}: {
  readonly name: RunName
  readonly expansion: Expansion
  readonly line: Timeline | null
  readonly now: number
}) {
  const { instances, kind } = expansion
  const isMapped = kind === "mapped"
  const wait = waitInWords(expansion, now)
  const bad = instances.failed + instances.upstream_failed
  return (
    <li data-row className={`${rowGrid} border-b border-line py-2 last:border-0 hover:bg-sunken`}>
      <div className="min-w-0">
        <Link
          to="/dags/$dagId/runs/$runId/tasks/$taskId"
          params={{ ...name, taskId: expansion.task_id }}
          className="block truncate font-semibold hover:text-accent"
        >
          {expansion.task_id}
        </Link>
        <div className="text-xs text-muted">
          {wait ??
            (expansion.start_date === null ? "" : between(expansion.start_date, expansion.end_date, now))}
        </div>
      </div>
      <div className="col-span-2 row-start-2 min-w-0 sm:col-span-1 sm:row-start-auto">
        {isMapped ? (
          <>
            <StateBar mix={instances} isOpen={!expansion.exhausted} />
            <div className="mt-1 flex justify-between text-2xs text-muted">
              <span>
                {count(endedOf(expansion))} of {total(expansion.discovered, expansion.exhausted)}
              </span>
              {bad > 0 && <span className="font-semibold text-danger">{count(bad)} failed</span>}
            </div>
          </>
        ) : (
          <OneBar expansion={expansion} />
        )}
      </div>
      <div className="flex items-center gap-3">
        <span className="w-28 shrink-0 sm:order-2">
          <ExpansionStateBadge expansion={expansion} />
        </span>
        <div className="relative hidden h-3.5 flex-1 rounded-sm bg-sunken sm:block">
          {line !== null && <GanttBar expansion={expansion} line={line} now={now} />}
        </div>
      </div>
    </li>
  )
}

/** The bar of what has no instances by index: a task is its state, a source what it has given. */
function OneBar({ expansion }: { readonly expansion: Expansion }) {
  const { kind, state, discovered, exhausted, pages } = expansion
  return (
    <>
      <div
        role="img"
        aria-label={lookOf(state).label}
        className="h-2 rounded-sm"
        style={{ background: expansion.start_date === null ? "var(--sunken)" : fillOf(state) }}
      />
      {kind === "source" && (
        <div className="mt-1 text-2xs text-muted">
          {total(discovered, exhausted)} items, {count(pages)} pages
        </div>
      )}
      {kind === "fused" && <div className="mt-1 text-2xs text-muted">read by its map</div>}
    </>
  )
}

function GanttBar({
  expansion,
  line,
  now,
}: {
  readonly expansion: Expansion
  readonly line: Timeline
  readonly now: number
}) {
  const place = placeOf({ start: expansion.start_date, end: expansion.end_date }, line, now)
  if (place === null) return null
  const first = placeOf({ start: expansion.start_date, end: expansion.first_result_date }, line, now)
  return (
    <div
      className="absolute inset-y-0 min-w-[3px] overflow-hidden rounded-sm"
      title={`${between(expansion.start_date, expansion.end_date, now)}; first result after ${between(expansion.start_date, expansion.first_result_date, now)}`}
      style={{
        left: `${place.left * 100}%`,
        width: `${place.width * 100}%`,
        background: fillOf(expansion.state),
      }}
    >
      {first !== null && expansion.first_result_date !== null && place.width > 0 && (
        <div
          className="h-full bg-black/25"
          style={{ width: `${Math.min(1, first.width / place.width) * 100}%` }}
        />
      )}
    </div>
  )
}

function Marks({ line }: { readonly line: Timeline }) {
  const span = line.to - line.from
  return (
    <div className={`${rowGrid} hidden border-t border-line py-1 sm:grid`} aria-hidden>
      <span />
      <span />
      <div className="flex gap-3">
        <div className="relative h-4 flex-1 text-2xs text-muted">
          {marksOf(line, 3).map((mark) => (
            <span
              key={mark}
              className="absolute -translate-x-1/2 whitespace-nowrap first:translate-x-0"
              style={{ left: `${(mark / span) * 100}%` }}
            >
              {mark === 0 ? "0" : duration(mark)}
            </span>
          ))}
        </div>
        <span className="w-28 shrink-0" />
      </div>
    </div>
  )
}
