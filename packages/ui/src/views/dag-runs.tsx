import { useNavigate, useParams, useSearch } from "@tanstack/react-router"
import { RunTable } from "./run-table.tsx"
import { RunFilters, runFilterOf, type RunSearch } from "./runs.tsx"

/** The runs of one DAG. */
export function DagRuns() {
  const { dagId } = useParams({ from: "/shell/dags/$dagId" })
  const search = useSearch({ from: "/shell/dags/$dagId/runs" })
  const navigate = useNavigate({ from: "/dags/$dagId/runs" })
  const set = (change: RunSearch) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
  return (
    <>
      <RunFilters search={search} set={set} />
      <RunTable dagId={dagId} filter={runFilterOf(search)} />
    </>
  )
}
