import { useQuery } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { CornerDownLeft, Search } from "lucide-react"
import { Dialog } from "radix-ui"
import { type KeyboardEvent, useDeferredValue, useId, useState } from "react"
import type { Dag, DagRun } from "@sluice/api/wire"
import { api } from "../api/client.ts"
import { containing } from "../api/queries.ts"
import { StateIcon } from "../components/state.tsx"
import { toggleTheme } from "../components/theme.ts"
import { places } from "./places.ts"

interface Entry {
  readonly id: string
  readonly group: string
  readonly label: string
  readonly note?: string
  readonly state?: string
  readonly go: () => void
}

/** The most DAGs and runs that are offered. */
const foundMax = 8

/** Everything by its name: views, DAGs, runs, things to do. */
export function Palette({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => (open ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-[12vh] left-1/2 z-40 flex max-h-[70vh] w-[calc(100vw-24px)] max-w-xl -translate-x-1/2 flex-col overflow-hidden rounded-xl border border-line bg-raised shadow-(--shadow)"
        >
          <Dialog.Title className="sr-only">Go to</Dialog.Title>
          <PaletteBody onClose={onClose} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function PaletteBody({ onClose }: { readonly onClose: () => void }) {
  const [text, setText] = useState("")
  const [current, setCurrent] = useState(0)
  const entries = useEntries(text)
  const listId = useId()
  const at = Math.min(current, Math.max(0, entries.length - 1))
  const choose = (entry: Entry | undefined) => {
    if (entry === undefined) return
    onClose()
    entry.go()
  }
  const onKey = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (by !== undefined) {
      event.preventDefault()
      const next = (at + by + entries.length) % Math.max(1, entries.length)
      setCurrent(next)
      document.getElementById(`${listId}-${next}`)?.scrollIntoView({ block: "nearest" })
    }
    if (event.key === "Enter") choose(entries[at])
  }
  return (
    <>
      <div className="flex items-center gap-2.5 border-b border-line px-4">
        <Search size={16} aria-hidden className="text-muted" />
        <input
          autoFocus
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setCurrent(0)
          }}
          onKeyDown={onKey}
          role="combobox"
          aria-expanded
          aria-controls={listId}
          aria-activedescendant={entries.length > 0 ? `${listId}-${at}` : undefined}
          aria-label="Go to a DAG, a run or a view"
          placeholder="A DAG, a run, a view…"
          className="h-12 flex-1 bg-transparent text-base outline-none"
        />
      </div>
      <ul
        id={listId}
        role="listbox"
        aria-label="Found"
        className="m-0 min-h-0 list-none overflow-y-auto p-1.5"
      >
        {entries.map((entry, place) => (
          <li
            key={entry.id}
            id={`${listId}-${place}`}
            role="option"
            aria-selected={place === at}
            onPointerMove={() => setCurrent(place)}
            onClick={() => choose(entry)}
            className={`flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-2 ${place === at ? "bg-accent-wash" : ""}`}
          >
            <span className="w-14 shrink-0 text-2xs text-muted">{entry.group}</span>
            {entry.state !== undefined && <StateIcon state={entry.state} />}
            <span className="min-w-0 flex-1 truncate">{entry.label}</span>
            {entry.note !== undefined && <span className="truncate text-xs text-muted">{entry.note}</span>}
            {place === at && <CornerDownLeft size={13} aria-hidden className="text-muted" />}
          </li>
        ))}
        {entries.length === 0 && <li className="px-3 py-6 text-center text-muted">Nothing has this name.</li>}
      </ul>
    </>
  )
}

function useEntries(typed: string): readonly Entry[] {
  const navigate = useNavigate()
  const text = useDeferredValue(typed.trim())
  const pattern = containing(text)
  const { data: dags } = useQuery({
    queryKey: ["palette", "dags", text],
    queryFn: ({ signal }) =>
      api<{ dags: Dag[] }>("/dags", {
        signal,
        query: { limit: foundMax, order_by: "dag_id", dag_id_pattern: pattern },
      }),
    placeholderData: (before) => before,
  })
  const { data: runs } = useQuery({
    queryKey: ["palette", "runs", text],
    queryFn: ({ signal }) =>
      api<{ dag_runs: DagRun[] }>("/dags/~/dagRuns", {
        signal,
        query: { limit: foundMax, order_by: "-id", run_id_pattern: pattern, cursor: "" },
      }),
    enabled: text.length > 1,
    placeholderData: (before) => before,
  })
  const fits = (label: string) => label.toLowerCase().includes(text.toLowerCase())
  return [
    ...places
      .filter(({ label }) => fits(label))
      .map(({ to, label }) => ({ id: `view ${to}`, group: "View", label, go: () => void navigate({ to }) })),
    ...(dags?.dags ?? [])
      .filter(({ dag_id: dagId }) => fits(dagId))
      .map(({ dag_id: dagId, timetable_summary: schedule }) => ({
        id: `dag ${dagId}`,
        group: "DAG",
        label: dagId,
        ...(schedule !== null && { note: schedule }),
        go: () => void navigate({ href: `/dags/${encodeURIComponent(dagId)}` }),
      })),
    ...(text.length > 1 ? (runs?.dag_runs ?? []) : []).map((run) => ({
      id: `run ${run.dag_id} ${run.dag_run_id}`,
      group: "Run",
      label: run.dag_run_id,
      note: run.dag_id,
      state: run.state,
      go: () =>
        void navigate({
          href: `/dags/${encodeURIComponent(run.dag_id)}/runs/${encodeURIComponent(run.dag_run_id)}`,
        }),
    })),
    ...(fits("change theme light dark")
      ? [{ id: "theme", group: "Do", label: "Change between light and dark", go: toggleTheme }]
      : []),
  ]
}
