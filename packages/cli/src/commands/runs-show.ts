import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface RunsShowOptions extends DatabaseFlag {
  readonly json?: boolean
}

/** `sluice runs show`: one run, its tasks, its failures, its result. */
export const runsShow = defineCommand<RunsShowOptions>({
  path: "runs show",
  arguments: [{ name: "<run>", description: "run id, dag/run id, the beginning of one, or latest" }],
  summary: "show a run: its tasks, failures and result",
  options: [jsonOption, databaseUrlOption],
  examples: [
    "sluice runs show latest",
    "sluice runs show users_sync/manual__2026-11-22T05:30:00.000Z --json",
  ],
  run: (context, options, [reference = ""]) =>
    withDatabase(context, options, async (session) => {
      const [
        { parseWait },
        { findRun },
        { takeSnapshot, isEnded },
        { readResult },
        { summaryLines },
        { resultJson },
      ] = await Promise.all([
        import("../run/parse-wait.ts"),
        import("../run/find-run.ts"),
        import("../run/watch-run.ts"),
        import("../run/run-result.ts"),
        import("../view/summary.ts"),
        import("../view/json-view.ts"),
      ])
      const { out } = context
      const run = await findRun(session, reference)
      const { dag } = await session.call(session.store.dagVersion(run.dagVersionId))
      const result = await readResult(session, { ...(await takeSnapshot(session, run.id)), dag })
      // An unfinished run has no outcome yet.
      const shown = isEnded(result.run) ? result : { ...result, outcome: "running" as const }
      if (options.json === true) await out.line(JSON.stringify(resultJson(shown)))
      else {
        for (const line of summaryLines(shown, out.style)) await out.line(line)
        const waits = await parseWait(session, run)
        if (waits !== null) await out.line(waits)
      }
      return exitCodes.success
    }),
})
