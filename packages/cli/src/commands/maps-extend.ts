import type { ExtendReport, ExtensionEffect } from "@sluice/core/engine"
import type { DagRunRow } from "@sluice/core/store"
import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import type { Output } from "../output.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes, Problem } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface MapsExtendOptions extends DatabaseFlag, ActorFlag {
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `sluice maps extend`: goes on where a task's source ended. */
export const mapsExtend = defineCommand<MapsExtendOptions>({
  path: "maps extend",
  arguments: [
    { name: "<run>", description: "run id, dag/run id, the beginning of one, or latest" },
    { name: "<task>", description: "a map, or the source that it iterates" },
  ],
  summary: "go on where a finished map's source ended, in the same run",
  details:
    "For sources that have more since. Goes on at the cursor that the source gave with its last page (page(items, null, " +
    "{ resume })); otherwise that page is read again, and its items are skipped by count, which is right for a source that " +
    "only appends; where the map has a key, by their keys. Maps that stream from it go on as well; tasks that wait for " +
    "the whole begin anew. The run is running again: `sluice run <file> --resume` takes it to its end.",
  options: [
    { flags: "--dry-run", description: "say what would go on, and do nothing" },
    actorOption,
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice maps extend latest upsert --dry-run", "sluice maps extend latest upsert"],
  run: (context, options, [reference = "", taskId = ""]) =>
    withDatabase(context, options, async (session) => {
      const [{ findRun }, { findTask }, { extendExpansion }, { isTagged }] = await Promise.all([
        import("../run/find-run.ts"),
        import("../run/find-task.ts"),
        import("@sluice/core/engine"),
        import("@sluice/core/store"),
      ])
      const run = await findRun(session, reference)
      const { expansionId } = await findTask(session, run, taskId)
      const isDryRun = options.dryRun === true
      const actor = actorOf(options, context.env)
      const extended = extendExpansion(session.store, { expansionId, actor, isDryRun })
      const report = await session.call(extended).catch((error: unknown) => {
        throw isTagged(error, "ExtendRefused") ? new Problem((error as Error).message) : error
      })
      await tell(context.out, run, report, { isDryRun, isJson: options.json === true })
      return exitCodes.success
    }),
})

async function tell(
  out: Output,
  run: DagRunRow,
  { effects }: ExtendReport,
  { isDryRun, isJson }: { readonly isDryRun: boolean; readonly isJson: boolean },
): Promise<void> {
  if (isJson) {
    const tasks = effects.map((effect) => ({
      task_id: effect.taskId,
      does: effect.does,
      ...(effect.does === "stay" && { reason: effect.reason }),
    }))
    return out.line(JSON.stringify({ dag_id: run.dagId, run_id: run.runId, is_dry_run: isDryRun, tasks }))
  }
  for (const effect of effects) await out.line(`${effect.taskId}: ${textOf(effect, isDryRun)}`)
  await out.line(
    isDryRun
      ? "nothing was done: say it again without --dry-run"
      : `${run.dagId} ${run.runId} is running: \`sluice run <file> --resume\` takes it to its end, unless an engine has it`,
  )
}

function textOf(effect: ExtensionEffect, isDryRun: boolean): string {
  if (effect.does === "stay") return `stays as it is: ${effect.reason}`
  if (effect.does === "go on") return isDryRun ? "would go on where it ended" : "goes on where it ended"
  return isDryRun ? "would begin anew" : "begins anew"
}
