import type { Expansion } from "@sluice/api/wire"
import { useNavigate, useSearch } from "@tanstack/react-router"
import { X } from "lucide-react"
import { Button } from "../../components/button.tsx"
import { SearchInput } from "../../components/field.tsx"
import { count, total } from "../../model/format.ts"
import { barStates, fillOf, lookOf } from "../../model/states.ts"
import type { TaskSearch } from "../task.tsx"

const route = "/shell/dags/$dagId/runs/$runId/tasks/$taskId"

/** What the address asks of instances. */
export interface InstanceWish {
  readonly states: readonly string[]
  readonly key: string | undefined
  readonly label: string | undefined
  readonly error: string | undefined
  readonly errorClass: string | undefined
  /** Of the part that the strip shows: the first index, and the one past the last. */
  readonly from: number | undefined
  readonly to: number | undefined
}

/** Reads it. */
export function useInstanceWish(): InstanceWish {
  const { state, key, label, error, class: errorClass, from, to } = useSearch({ from: route })
  const states = state?.split(",").filter((one) => one !== "") ?? []
  return { states, key, label, error, errorClass, from, to }
}

/** Changes what the address asks. */
export function useSetWish(): (change: TaskSearch) => void {
  const navigate = useNavigate({ from: "/dags/$dagId/runs/$runId/tasks/$taskId" })
  return (change) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
}

/** Nothing asked, so that all are shown. */
export const noWish: TaskSearch = {
  ...{ state: undefined, key: undefined, label: undefined, error: undefined, class: undefined },
  ...{ from: undefined, to: undefined, at: undefined },
}

/** Where one goes to an index, or says which instances to show; all of it is in the address. */
export function InstanceFilters({ expansion }: { readonly expansion: Expansion }) {
  const wish = useInstanceWish()
  const set = useSetWish()
  const isFiltered = Object.values(wish).some((asked) =>
    Array.isArray(asked) ? asked.length > 0 : asked !== undefined,
  )
  return (
    <div className="border-b border-line">
      <div className="grid grid-cols-2 gap-2 p-2 sm:flex sm:flex-wrap sm:items-center">
        <GoTo expansion={expansion} />
        <SearchInput
          aria-label="Key"
          placeholder="Key is"
          className="sm:w-32"
          value={wish.key}
          onSearch={(key) => set({ ...noWish, key })}
        />
        <SearchInput
          aria-label="Label"
          placeholder="Label has"
          className="sm:w-36"
          value={wish.label}
          onSearch={(label) => set({ label, key: undefined, at: undefined })}
        />
        <SearchInput
          aria-label="Error"
          placeholder="Error has"
          className="sm:w-40"
          value={wish.error}
          onSearch={(error) => set({ error, key: undefined, at: undefined })}
        />
        <Indexes wish={wish} />
        <span className="col-span-2 text-xs text-muted sm:ml-auto">
          {total(expansion.discovered, expansion.exhausted)} instances
        </span>
      </div>
      <div role="group" aria-label="States" className="flex flex-wrap items-center gap-1 px-2 pb-2">
        <StateChips states={wish.states} expansion={expansion} />
        {wish.errorClass !== undefined && (
          <button
            type="button"
            className="inline-flex h-7 items-center gap-1.5 rounded-full border border-accent bg-accent-wash px-2.5 text-xs font-medium text-accent"
            onClick={() => set({ class: undefined })}
          >
            of one class of errors <X size={12} aria-label="of any class" />
          </button>
        )}
        {isFiltered && (
          <Button look="ghost" className="h-7 px-2 text-xs" onClick={() => set(noWish)}>
            <X size={12} aria-hidden /> Show all
          </Button>
        )}
      </div>
    </div>
  )
}

/** Brings the list to an index. */
function GoTo({ expansion }: { readonly expansion: Expansion }) {
  const set = useSetWish()
  const { at } = useSearch({ from: route })
  return (
    <SearchInput
      aria-label="Go to index"
      placeholder="Index   /"
      inputMode="numeric"
      data-search
      className="sm:w-28"
      value={at === undefined ? undefined : String(at)}
      onSearch={(text) => {
        const index = indexOf(text)
        const last = Math.max(0, expansion.discovered - 1)
        set(index === undefined ? { at: undefined } : { ...noWish, at: Math.min(index, last) })
      }}
    />
  )
}

/** From which index to which: the part that the strip shows, and the list with it. */
function Indexes({ wish }: { readonly wish: InstanceWish }) {
  const set = useSetWish()
  const end = wish.to === undefined ? undefined : String(wish.to - 1)
  return (
    <div className="col-span-2 flex items-center gap-1.5">
      <SearchInput
        aria-label="From index"
        placeholder="From"
        inputMode="numeric"
        className="sm:w-24"
        value={wish.from === undefined ? undefined : String(wish.from)}
        onSearch={(text) => set({ from: indexOf(text), at: undefined, key: undefined })}
      />
      <span className="text-muted">–</span>
      <SearchInput
        aria-label="To index"
        placeholder="To"
        inputMode="numeric"
        className="sm:w-24"
        value={end}
        onSearch={(text) => {
          const last = indexOf(text)
          set({ to: last === undefined ? undefined : last + 1, at: undefined, key: undefined })
        }}
      />
    </div>
  )
}

/** The index that was written; undefined: none was. "1,234" is one, as it is shown. */
function indexOf(text: string | undefined): number | undefined {
  const digits = text?.replaceAll(/[\s,]/g, "") ?? ""
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined
}

function StateChips({
  states,
  expansion,
}: {
  readonly states: readonly string[]
  readonly expansion: Expansion
}) {
  const set = useSetWish()
  return barStates.map((state) => {
    const n = expansion.instances[state]
    const isOn = states.includes(state)
    if (n === 0 && !isOn) return null
    const next = isOn ? states.filter((one) => one !== state) : [...states, state]
    return (
      <button
        key={state}
        type="button"
        aria-pressed={isOn}
        onClick={() =>
          set({ state: next.length === 0 ? undefined : next.join(","), key: undefined, at: undefined })
        }
        className={`inline-flex h-7 items-center gap-1.5 rounded-full border px-2.5 text-xs font-medium ${isOn ? "border-accent bg-accent-wash text-accent" : "border-line text-soft hover:bg-sunken"}`}
      >
        <span className="size-2 rounded-full" style={{ background: fillOf(state) }} />
        {lookOf(state).label} <span className={isOn ? "" : "text-muted"}>{count(n)}</span>
      </button>
    )
  })
}
