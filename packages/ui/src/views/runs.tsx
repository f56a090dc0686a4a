import { useNavigate, useSearch } from "@tanstack/react-router"
import { containing } from "../api/queries.ts"
import { SearchInput, Select } from "../components/field.tsx"
import { PageHead } from "../components/page.tsx"
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
}

/** The same, as the API is asked. */
export function runFilterOf({ state, type, q }: RunSearch) {
  return {
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
    </div>
  )
}
