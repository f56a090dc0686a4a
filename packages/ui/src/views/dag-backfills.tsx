import type { Backfill } from "@sluice/api/wire"
import { useQuery } from "@tanstack/react-query"
import { Link, useParams } from "@tanstack/react-router"
import { Ban, CalendarRange, Pause, Play } from "lucide-react"
import { useState } from "react"
import { api } from "../api/client.ts"
import { backfillsQuery } from "../api/queries.ts"
import { IconButton, NewButton } from "../components/button.tsx"
import { ConfirmedButton } from "../components/confirmed-button.tsx"
import { DialogForm } from "../components/dialog-form.tsx"
import { Dialog } from "../components/dialog.tsx"
import { Empty, Loaded } from "../components/feedback.tsx"
import { Field, Select, TextField } from "../components/field.tsx"
import { useAction } from "../components/mutation.ts"
import { Panel } from "../components/page.tsx"
import { useDenied } from "../components/role.ts"
import { State, StateBar } from "../components/state.tsx"
import { ActionsHead, Table } from "../components/table.tsx"
import { Time } from "../components/time.tsx"
import { count } from "../model/format.ts"

/** The backfills of a DAG: runs made for past dates. */
export function DagBackfills() {
  const { dagId } = useParams({ from: "/shell/dags/$dagId" })
  const backfills = useQuery(backfillsQuery(dagId))
  const denied = useDenied()("create_backfill")
  const [isMaking, setMaking] = useState(false)
  return (
    <Panel
      title="Backfills"
      aside={
        <NewButton denied={denied} onClick={() => setMaking(true)}>
          New backfill
        </NewButton>
      }
    >
      <Loaded query={backfills}>
        {({ backfills: all }) =>
          all.length === 0 ? (
            <Empty title="No backfill yet" icon={<CalendarRange size={22} aria-hidden />}>
              A backfill makes a run for each tick of a past range, some at a time.
            </Empty>
          ) : (
            <Table
              head={
                <>
                  <th>Range</th>
                  <th className="w-1/3">Dates</th>
                  <th>State</th>
                  <th className="hidden md:table-cell">Made</th>
                  <ActionsHead />
                </>
              }
            >
              {all.map((backfill) => (
                <BackfillRow key={backfill.id} backfill={backfill} />
              ))}
            </Table>
          )
        }
      </Loaded>
      {isMaking && <BackfillDialog dagId={dagId} onClose={() => setMaking(false)} />}
    </Panel>
  )
}

function stateOf({
  completed_at: ended,
  is_cancelled: isCancelled,
  is_paused: isPaused,
  progress,
}: Backfill) {
  if (isCancelled) return { state: "cancelled", label: "cancelled" }
  if (ended !== null)
    return progress.failed > 0 ? { state: "failed", label: "ended" } : { state: "success", label: "ended" }
  return isPaused ? { state: "up_for_retry", label: "paused" } : { state: "running", label: "running" }
}

function BackfillRow({ backfill }: { readonly backfill: Backfill }) {
  const denied = useDenied()
  const { progress } = backfill
  const change = useAction({
    run: (what: "pause" | "unpause") => api<Backfill>(`/backfills/${backfill.id}/${what}`, { method: "PUT" }),
    touches: [["dags", backfill.dag_id, "backfills"]],
  })
  const { state, label } = stateOf(backfill)
  const isOver = backfill.completed_at !== null
  return (
    <tr data-row>
      <td className="whitespace-nowrap">
        <Link
          to="/dags/$dagId/runs"
          params={{ dagId: backfill.dag_id }}
          search={{ type: "backfill" }}
          className="font-medium hover:text-accent"
        >
          <Time at={backfill.from_date} /> – <Time at={backfill.to_date} />
        </Link>
        <div className="text-xs text-muted">
          {backfill.run_backwards ? "newest first, " : ""}
          {count(backfill.max_active_runs)} at a time
        </div>
      </td>
      <td className="min-w-36">
        <StateBar
          mix={{
            success: progress.success,
            failed: progress.failed,
            skipped: progress.refused,
            running: progress.running,
            scheduled: progress.dates - progress.handled,
          }}
        />
        <div className="mt-1 text-xs text-muted">
          {count(progress.success + progress.failed)} of {count(progress.dates)} done
          {progress.failed > 0 && <span className="text-danger"> · {count(progress.failed)} failed</span>}
          {progress.refused > 0 && ` · ${count(progress.refused)} left out`}
        </div>
      </td>
      <td>
        <State state={state} label={label} />
      </td>
      <td className="hidden md:table-cell">
        <Time at={backfill.created_at} isRelative />
      </td>
      <td>
        {!isOver && (
          <div className="flex justify-end gap-1">
            <IconButton
              label={backfill.is_paused ? "Let it go on" : "Pause"}
              denied={denied(backfill.is_paused ? "unpause_backfill" : "pause_backfill")}
              onClick={() => change.mutate(backfill.is_paused ? "unpause" : "pause")}
            >
              {backfill.is_paused ? <Play size={15} aria-hidden /> : <Pause size={15} aria-hidden />}
            </IconButton>
            <ConfirmedButton
              label="Cancel the backfill"
              denied={denied("cancel_backfill")}
              title="Cancel the backfill?"
              description={`${count(progress.dates - progress.handled)} dates have no run yet and get none. Runs that have begun go on.`}
              confirm="Cancel the backfill"
              run={() => api<Backfill>(`/backfills/${backfill.id}/cancel`, { method: "PUT" })}
              touches={[["dags", backfill.dag_id, "backfills"]]}
              done="The backfill is cancelled."
            >
              <Ban size={15} aria-hidden />
            </ConfirmedButton>
          </div>
        )}
      </td>
    </tr>
  )
}

interface Preview {
  readonly backfills: readonly { readonly logical_date: string | null }[]
  readonly total_entries: number
  readonly refused: readonly { readonly logical_date: string; readonly refusal: string }[]
}

/** Makes a backfill; which dates get a run is told first. */
function BackfillDialog({ dagId, onClose }: { readonly dagId: string; readonly onClose: () => void }) {
  const [from, setFrom] = useState("")
  const [to, setTo] = useState("")
  const [reprocess, setReprocess] = useState("none")
  const [isReversed, setReversed] = useState(false)
  const [atOnce, setAtOnce] = useState("4")
  const isWhole = from !== "" && to !== ""
  const body = {
    dag_id: dagId,
    from_date: isWhole ? new Date(from).toISOString() : "",
    to_date: isWhole ? new Date(to).toISOString() : "",
    reprocess_behavior: reprocess,
    run_backwards: isReversed,
    max_active_runs: Math.max(1, Number(atOnce) || 1),
  }
  const preview = useQuery({
    queryKey: ["backfill", body],
    queryFn: ({ signal }) => api<Preview>("/backfills/dry_run", { method: "POST", body, signal }),
    enabled: isWhole,
    staleTime: 0,
    retry: false,
  })
  const make = useAction({
    isQuiet: true,
    run: () => api<Backfill>("/backfills", { method: "POST", body }),
    touches: [["dags", dagId]],
    done: () => "The backfill begins.",
    onDone: onClose,
  })
  const error = make.error ?? preview.error
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Backfill ${dagId}`}
      description="A run for each tick of the range, in your time zone."
    >
      <DialogForm
        submit="Backfill"
        isBlocked={make.isPending || (preview.data?.total_entries ?? 0) === 0}
        onSubmit={() => make.mutate(undefined)}
        onClose={onClose}
      >
        <div className="grid gap-3.5 sm:grid-cols-2">
          <TextField label="From" type="datetime-local" required value={from} onChange={setFrom} />
          <TextField label="To" type="datetime-local" required value={to} onChange={setTo} />
          <Field label="Dates that have a run">
            {(props) => (
              <Select
                {...props}
                className="w-full"
                value={reprocess}
                onChange={(event) => setReprocess(event.target.value)}
              >
                <option value="none">are left out</option>
                <option value="failed">run again where that failed</option>
                <option value="completed">run again where that has ended</option>
              </Select>
            )}
          </Field>
          <TextField label="Runs at a time" inputMode="numeric" value={atOnce} onChange={setAtOnce} />
        </div>
        <label className="inline-flex items-center gap-2">
          <input
            type="checkbox"
            checked={isReversed}
            onChange={(event) => setReversed(event.target.checked)}
          />{" "}
          Newest first
        </label>
        <div className="rounded-md bg-sunken p-3" aria-live="polite">
          {error !== null ? (
            <span className="text-danger">{error.message}</span>
          ) : preview.data === undefined ? (
            <span className="text-muted">
              {isWhole ? "…" : "Choose both ends to see which dates get a run."}
            </span>
          ) : (
            <>
              <strong>{count(preview.data.total_entries)}</strong>{" "}
              {preview.data.total_entries === 1 ? "run" : "runs"} would be made
              {preview.data.refused.length > 0 && (
                <span className="text-muted">, {count(preview.data.refused.length)} dates left out</span>
              )}
              .
            </>
          )}
        </div>
      </DialogForm>
    </Dialog>
  )
}
