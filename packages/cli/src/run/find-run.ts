import type { DagRunRow } from "@sluice/core/store"
import { Problem, UsageProblem } from "../problem.ts"
import type { Session } from "../session.ts"
import { orNull } from "./or-null.ts"

/** The newest runs among which a shortened id is looked for. */
export const searchedRunsMax = 5_000
const runsPerRead = 1_000
const namedMax = 5

/** Finds the run that a user means: `latest`, a run id, `dag/run id`, or the beginning of either, if it is only one. */
export async function findRun(session: Session, reference: string): Promise<DagRunRow> {
  const exact = await findExactly(session, reference)
  if (exact !== null) return exact
  const found: DagRunRow[] = []
  for await (const run of newestRuns(session)) {
    if (run.runId === reference || reference === "latest") return run
    if (matches(run, reference) && found.push(run) > namedMax) break
  }
  const [only] = found
  if (only === undefined) {
    throw new Problem(`there is no run "${reference}"`, {
      expected: "a run id, dag/run id, the beginning of one, or latest",
      fix: "`sluice runs list` shows what there is",
    })
  }
  if (found.length === 1) return only
  const names = found.slice(0, namedMax).map((run) => `${run.dagId}/${run.runId}`)
  throw new UsageProblem(`"${reference}" is the beginning of several runs: ${names.join(", ")}`, {
    fix: "type more of it",
  })
}

/** Whether a run's name begins so. */
export function matches(run: Pick<DagRunRow, "dagId" | "runId">, beginning: string): boolean {
  return run.runId.startsWith(beginning) || `${run.dagId}/${run.runId}`.startsWith(beginning)
}

/** `dag/run id` is looked up directly, however many runs there are. */
async function findExactly({ store, call }: Session, reference: string): Promise<DagRunRow | null> {
  const slash = reference.indexOf("/")
  if (slash < 0) return null
  const found = store.dagRun({ dagId: reference.slice(0, slash), runId: reference.slice(slash + 1) })
  return orNull(call(found))
}

async function* newestRuns({ store, call }: Session): AsyncGenerator<DagRunRow> {
  let before: string | undefined
  for (let seen = 0; seen < searchedRunsMax; seen += runsPerRead) {
    const runs: readonly DagRunRow[] = await call(
      store.listDagRuns({ limit: runsPerRead, ...(before !== undefined && { before }) }),
    )
    yield* runs
    before = runs.at(-1)?.id
    if (runs.length < runsPerRead) return
  }
}
