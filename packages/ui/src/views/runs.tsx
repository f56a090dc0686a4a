import { useNavigate, useSearch } from "@tanstack/react-router"
import { containing } from "../api/queries.ts"
import { Input, SearchInput, Select } from "../components/field.tsx"
import { PageHead } from "../components/page.tsx"
import { boundsOfDay } from "../model/calendar.ts"
import { RunTable } from "./run-table.tsx"

/** The runs of all DAGs. */
export function Runs() {
  const search = useSearch({ from: "/shell/runs" })
  const navigate = useNavigate({ from: "/runs" })
  const set = (change: Partial<typeof search>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
  return (
    <>
      <PageHead title="Runs" />
      <RunFilters search={search} set={set} />
      <RunTable dagId="~" filter={runFilterOf(search)} />
    </>
  )
}

/** What runs are narrowed by. */
export interface RunSearch {
  readonly state?: string | undefined
  readonly type?: string | undefined
  readonly q?: string | undefined
  /** The day on which they were due, in the zone of the browser. */
  readonly day?: string | undefined
}

/** The same, as the API is asked. */
export function runFilterOf({ state, type, q, day }: RunSearch) {
  const bounds = day === undefined ? null : boundsOfDay(day)
  return {
    run_after_gte: bounds?.start.toISOString(),
    run_after_lt: bounds?.end.toISOString(),
    state,
    run_type: type,
    run_id_pattern: q === undefined ? undefined : containing(q),
  }
}

/** Fields for it. */
export function RunFilters({
  search,
  set,
}: {
  readonly search: RunSearch
  readonly set: (change: RunSearch) => void
}) {
  return (
    <div className="mb-3 flex flex-wrap gap-2">
      <SearchInput
        data-search
        aria-label="Run id"
        placeholder="Run id   /"
        className="w-64 max-w-full"
        value={search.q}
        onSearch={(q) => set({ q })}
      />
      <Select
        aria-label="State"
        value={search.state ?? ""}
        onChange={(event) => set({ state: event.target.value || undefined })}
      >
        <option value="">Any state</option>
        {["queued", "running", "success", "failed"].map((state) => (
          <option key={state}>{state}</option>
        ))}
      </Select>
      <Select
        aria-label="Run type"
        value={search.type ?? ""}
        onChange={(event) => set({ type: event.target.value || undefined })}
      >
        <option value="">Any type</option>
        {["manual", "scheduled", "backfill", "asset_triggered"].map((type) => (
          <option key={type}>{type}</option>
        ))}
      </Select>
      <Input
        type="date"
        aria-label="Day on which they were due"
        className="w-40"
        value={search.day ?? ""}
        onChange={(event) => set({ day: event.target.value || undefined })}
      />
    </div>
  )
}
