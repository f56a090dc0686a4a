import type { DagRunRow } from "@sluice/core/store"
import { UsageProblem } from "../problem.ts"
import type { Session } from "../session.ts"

const runsPerRead = 100

/** Finds the run that `--resume` goes on with: the named one, or the newest that is unfinished or was cancelled. */
export async function findResumable(
  session: Session,
  { dagId, runId }: { dagId: string; runId: string | undefined },
): Promise<DagRunRow> {
  const found =
    runId === undefined ? await newestResumable(session, dagId) : await named(session, dagId, runId)
  if (found !== null) return found
  const which =
    runId === undefined ? `no run of DAG "${dagId}" is` : `run "${runId}" of DAG "${dagId}" is not`
  throw new UsageProblem(`nothing to resume: ${which} unfinished or cancelled`, {
    fix: "start a new run without --resume",
  })
}

async function named({ store, call }: Session, dagId: string, runId: string): Promise<DagRunRow | null> {
  const run = await call(store.dagRun({ dagId, runId }))
  return isResumable(run) ? run : null
}

async function newestResumable({ store, call }: Session, dagId: string): Promise<DagRunRow | null> {
  let before: string | undefined
  for (;;) {
    const runs: readonly DagRunRow[] = await call(
      store.listDagRuns({
        dagId,
        states: ["queued", "running", "failed"],
        limit: runsPerRead,
        ...(before !== undefined && { before }),
      }),
    )
    const found = runs.find(isResumable)
    if (found !== undefined) return found
    before = runs.at(-1)?.id
    if (runs.length < runsPerRead || before === undefined) return null
  }
}

/** An unfinished run's process has died, or works on it still: both is fine. */
export function isResumable(run: Pick<DagRunRow, "state" | "isCancelled" | "awaitsParse">): boolean {
  return run.state === "queued" || run.state === "running" || run.isCancelled || run.awaitsParse
}
