import type { SerializedDag } from "@sluice/core/dag"
import { serializeDag } from "@sluice/core/dag"
import type { Bundle, CapturedValues } from "../port.ts"
import { Capture } from "./captured.ts"
import { evaluateAlone, findDags } from "./definitions.ts"

/** A file that evaluates, but does not define DAGs as it should. */
class DagFileError extends Error {
  override readonly name = "DagFileError"
}

/** A file that defines nothing: for who asked for a DAG a mistake, for who looks through a folder a file of helpers. */
class NoDagError extends Error {
  override readonly name = "NoDag"
}

/** Evaluates a bundle; says which DAGs it defines, and what it captured. */
export async function describeBundle(
  bundle: Bundle,
  folder: string | null,
): Promise<{ readonly dags: readonly SerializedDag[]; readonly captured: CapturedValues }> {
  const capture = new Capture(folder ?? process.cwd())
  const { value } = await evaluateAlone(bundle, capture.answer)
  const captured = capture.end()
  const dags = findDags(value).map((definition) => serializeDag(definition))
  if (dags.length === 0) {
    throw new NoDagError('the file exports no DAG. Fix: export default dag("my_dag", { … }, () => { … })')
  }
  const ids = new Set<string>()
  for (const { dagId } of dags) {
    if (ids.has(dagId))
      throw new DagFileError(`the file exports two DAGs named "${dagId}". Fix: give each its own id`)
    ids.add(dagId)
  }
  return { dags, captured }
}
