import type { DagRunRow } from "@sluice/core/store"
import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, wholeNumber } from "../options.ts"
import { exitCodes, UsageProblem } from "../problem.ts"
import { countOf } from "../view/numbers.ts"
import type { Session } from "../session.ts"
import { withDatabase } from "./with-database.ts"

interface RunsDeleteOptions extends DatabaseFlag, ActorFlag {
  readonly dag?: string
  readonly olderThan?: number
  readonly keep?: number
  readonly yes?: boolean
  readonly json?: boolean
}

const runsPerRead = 200
const dayMs = 86_400_000

/** `sluice runs delete`: deletes one run, or ended runs of a DAG, with all they left. */
export const runsDelete = defineCommand<RunsDeleteOptions>({
  path: "runs delete",
  arguments: [{ name: "[run]", description: "run id, dag/run id, the beginning of one, or latest" }],
  summary: "delete runs that have ended, with their results and logs",
  details:
    "Says what would go, and does it with --yes. A run that has not ended is not deleted: cancel it first. Deleted runs are out of\n" +
    "sight at once; the pruner (in `sluice dev`, `sluice run`, `sluice engine`) removes their rows. The event log keeps their names.",
  options: [
    { flags: "--dag <id>", description: "the ended runs of this DAG, as far as the next options say" },
    {
      flags: "--older-than <days>",
      description: "only those that ended longer ago",
      parse: wholeNumber("--older-than", 0),
    },
    { flags: "--keep <n>", description: "leave the newest ended runs", parse: wholeNumber("--keep", 0) },
    { flags: "--yes", description: "do it" },
    actorOption,
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice runs delete users_sync/manual__2026-11-22 --yes",
    "sluice runs delete --dag users_sync --older-than 30",
    "sluice runs delete --dag users_sync --keep 100 --yes",
  ],
  run(context, options, [reference]) {
    if ((reference === undefined) === (options.dag === undefined))
      throw new UsageProblem("what to delete is not clear", { expected: "either a run, or --dag <id>" })
    if (reference !== undefined && (options.olderThan ?? options.keep) !== undefined)
      throw new UsageProblem(
        "--older-than and --keep are about the runs of a DAG: say --dag <id> instead of a run",
      )
    return withDatabase(context, options, async (session) => {
      const { store, call } = session
      const { out } = context
      const isDone = options.yes === true
      let runs = 0
      let instances = 0
      for await (const run of chosenRuns(session, reference, options)) {
        const found = await call(store.expansionsOfRun(run.id))
        const size = found.reduce((sum, { created }) => sum + created, 0)
        if (isDone) await call(store.deleteDagRun({ dagRunId: run.id, actor: actorOf(options, context.env) }))
        runs += 1
        instances += size
        if (options.json === true) await out.line(JSON.stringify(deletedJson(run, size, isDone)))
      }
      if (isDone && runs > 0) for (const topic of ["prune", "run"] as const) store.wake(topic)
      if (options.json !== true)
        await out.line(
          `${isDone ? "deleted" : "would delete"} ${countOf(runs, "run")} with ${countOf(instances, "instance")}` +
            (isDone || runs === 0 ? "" : "; nothing was done: say it again with --yes"),
        )
      return exitCodes.success
    })
  },
})

/** The run that is named, or the ended ones of a DAG, newest first. */
async function* chosenRuns(
  session: Session,
  reference: string | undefined,
  { dag = "", olderThan, keep = 0 }: RunsDeleteOptions,
): AsyncGenerator<DagRunRow> {
  if (reference !== undefined) {
    const { findRun } = await import("../run/find-run.ts")
    yield await findRun(session, reference)
    return
  }
  const { store, call } = session
  await call(store.dagSummary(dag))
  const endedBefore = olderThan === undefined ? null : new Date(Date.now() - olderThan * dayMs)
  let kept = 0
  for (let before: string | undefined; ;) {
    const runs: readonly DagRunRow[] = await call(
      store.listDagRuns({
        ...{ dagId: dag, states: ["success", "failed"] as const, limit: runsPerRead },
        ...(before !== undefined && { before }),
      }),
    )
    for (const run of runs) {
      if (kept++ < keep) continue
      if (endedBefore === null || (run.endedAt !== null && run.endedAt < endedBefore)) yield run
    }
    before = runs.at(-1)?.id
    if (runs.length < runsPerRead) return
  }
}

function deletedJson({ dagId, runId }: DagRunRow, instances: number, isDeleted: boolean) {
  return { dag_id: dagId, run_id: runId, instances, is_deleted: isDeleted }
}
