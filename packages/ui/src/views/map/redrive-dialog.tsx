import type { Expansion } from "@sluice/api/wire"
import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { api } from "../../api/client.ts"
import { mapPath, runKey, type TaskName } from "../../api/queries.ts"
import { Button } from "../../components/button.tsx"
import { Dialog } from "../../components/dialog.tsx"
import { Problem, Skeleton } from "../../components/feedback.tsx"
import { TextField } from "../../components/field.tsx"
import { useAction } from "../../components/mutation.ts"
import { count } from "../../model/format.ts"
import { lookOf } from "../../model/states.ts"
import type { InstanceWish } from "./instance-filters.tsx"
import { redrivable } from "./instance-row.tsx"

interface Report {
  readonly selected: number
  readonly downstream: readonly {
    readonly task_id: string
    readonly runs: "anew" | "instances" | "nothing"
    readonly instances: number | null
    readonly reason: string | null
  }[]
  readonly notes: readonly string[]
}

/** Runs instances again. What that would be is told before it is done. */
export function RedriveDialog({
  name,
  expansion,
  errorType,
  wish,
  mapIndex,
  indexes,
  onDone,
  onClose,
}: {
  readonly name: TaskName
  readonly expansion: Expansion | undefined
  /** Only failures of this type. */
  readonly errorType?: string
  /** What the list of instances shows: begun with, and changed at will. */
  readonly wish?: Pick<InstanceWish, "states" | "from" | "to">
  /** Only this instance, however it ended. */
  readonly mapIndex?: number
  /** Only these instances, however they ended. */
  readonly indexes?: readonly number[]
  readonly onDone?: () => void
  readonly onClose: () => void
}) {
  const chosen = indexes ?? (mapIndex === undefined ? undefined : [mapIndex])
  const [states, setStates] = useState<readonly string[]>(chosen === undefined ? statesOf(wish) : redrivable)
  const [from, setFrom] = useState(textOf(wish?.from))
  const [to, setTo] = useState(textOf(wish?.to === undefined ? undefined : wish.to - 1))
  const [type, setType] = useState(errorType ?? "")
  const body = {
    states,
    ...(chosen !== undefined && { indexes: chosen }),
    ...(/^\d+$/.test(from) && { from_index: Number(from) }),
    ...(/^\d+$/.test(to) && { to_index: Number(to) }),
    ...(type !== "" && { error_type: type }),
  }
  const redrive = (isDryRun: boolean, signal?: AbortSignal) =>
    api<Report>(`${mapPath(name)}/redrive`, { method: "POST", body: { ...body, dry_run: isDryRun }, signal })
  const preview = useQuery({
    queryKey: ["redrive", name, body],
    queryFn: ({ signal }) => redrive(true, signal),
    enabled: states.length > 0,
    staleTime: 0,
    placeholderData: (before) => before,
  })
  const run = useAction({
    isQuiet: true,
    run: () => redrive(false),
    touches: [runKey(name)],
    done: ({ selected }) => `${instances(selected)} of ${name.taskId} run again.`,
    onDone: () => {
      onDone?.()
      onClose()
    },
  })
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={titleOf(name, chosen)}
      description="Instances run again on the inputs that they have; the source is not read again."
    >
      <div className="flex flex-col gap-3.5">
        {chosen === undefined && (
          <fieldset className="m-0 flex flex-wrap gap-x-4 gap-y-2 border-0 p-0">
            <legend className="mb-1 p-0 font-medium">Instances that are</legend>
            {redrivable.map((state) => (
              <label key={state} className="inline-flex items-center gap-1.5">
                <input
                  type="checkbox"
                  checked={states.includes(state)}
                  onChange={(event) =>
                    setStates(
                      event.target.checked ? [...states, state] : states.filter((one) => one !== state),
                    )
                  }
                />
                {lookOf(state).label}{" "}
                {expansion !== undefined && (
                  <span className="text-muted">{count(expansion.instances[state])}</span>
                )}
              </label>
            ))}
          </fieldset>
        )}
        {chosen === undefined && (
          <div className="grid grid-cols-2 gap-3 sm:grid-cols-3">
            <TextField label="From index" inputMode="numeric" value={from} onChange={setFrom} />
            <TextField label="To index" inputMode="numeric" value={to} onChange={setTo} />
            <TextField label="Error type" value={type} placeholder="any" onChange={setType} />
          </div>
        )}
        <div className="rounded-md bg-sunken p-3" aria-live="polite">
          {states.length === 0 ? (
            "Choose states."
          ) : preview.error !== null ? (
            <span className="text-danger">{preview.error.message}</span>
          ) : preview.data === undefined ? (
            <Skeleton rows={2} />
          ) : (
            <ReportWords report={preview.data} />
          )}
        </div>
        {run.error !== null && <Problem error={run.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button
            look="primary"
            disabled={
              run.isPending ||
              preview.data === undefined ||
              preview.data.selected === 0 ||
              states.length === 0
            }
            onClick={() => run.mutate(undefined)}
          >
            {run.isPending ? "Working…" : `Run ${count(preview.data?.selected ?? 0)} again`}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

/** Those of the list that can be run again; else what failed. */
function statesOf(wish: Pick<InstanceWish, "states"> | undefined): readonly string[] {
  const asked = redrivable.filter((state) => wish?.states.includes(state))
  return asked.length > 0 ? asked : ["failed"]
}

function textOf(index: number | undefined): string {
  return index === undefined ? "" : String(index)
}

function titleOf(name: TaskName, chosen: readonly number[] | undefined): string {
  if (chosen === undefined) return `Redrive ${name.taskId}`
  const [only] = chosen
  if (chosen.length > 1 || only === undefined)
    return `Run ${instances(chosen.length)} of ${name.taskId} again`
  return only < 0 ? `Run ${name.taskId} again` : `Run instance ${count(only)} again`
}

function instances(n: number): string {
  return n === 1 ? "1 instance" : `${count(n)} instances`
}

function ReportWords({ report }: { readonly report: Report }) {
  return (
    <>
      <p className="m-0" data-preview>
        <strong>{instances(report.selected)}</strong> would run again.
      </p>
      {report.downstream.length > 0 && (
        <ul className="mt-2 mb-0 list-none space-y-1 p-0 text-muted">
          {report.downstream.map((effect) => (
            <li key={effect.task_id}>
              <span className="font-medium text-ink">{effect.task_id}</span>{" "}
              {effect.runs === "anew"
                ? "begins anew"
                : effect.runs === "instances"
                  ? `runs ${count(effect.instances ?? 0)} instances again`
                  : `stays as it is${effect.reason === null ? "" : `: ${effect.reason}`}`}
            </li>
          ))}
        </ul>
      )}
      {report.notes.map((note) => (
        <p key={note} className="mt-2 mb-0 text-muted">
          {note}
        </p>
      ))}
    </>
  )
}
