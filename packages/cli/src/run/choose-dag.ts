import type { SerializedDag } from "@sluice/core/dag"
import { UsageProblem } from "../problem.ts"

/** Picks the DAG to run among those of a file. */
export function chooseDag(
  dags: readonly SerializedDag[],
  wanted: string | undefined,
  file: string,
): SerializedDag {
  const ids = dags.map((dag) => dag.dagId)
  const [only] = dags
  if (only === undefined)
    throw new UsageProblem(`${file} defines no DAG`, { fix: "export one: `export default dag(…)`" })
  if (wanted === undefined) {
    if (dags.length === 1) return only
    throw new UsageProblem(`${file} defines ${dags.length} DAGs`, {
      expected: `one of them by --dag: ${ids.join(", ")}`,
    })
  }
  const found = dags.find((dag) => dag.dagId === wanted)
  if (found !== undefined) return found
  throw new UsageProblem(`${file} has no DAG "${wanted}"`, { expected: `one of ${ids.join(", ")}` })
}
