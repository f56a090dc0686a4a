import type { ReprocessRule } from "@sluice/core/store"
import { reprocessRules } from "@sluice/core/store"
import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, wholeNumber } from "../options.ts"
import { exitCodes, UsageProblem } from "../problem.ts"
import { readJsonObject } from "../json-object.ts"
import { withDatabase } from "./with-database.ts"

interface BackfillCreateOptions extends DatabaseFlag, ActorFlag {
  readonly from?: Date
  readonly to?: Date
  readonly reverse?: boolean
  readonly reprocess: ReprocessRule
  readonly maxActiveRuns?: number
  readonly conf?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `sluice backfill create`: runs for past dates. */
export const backfillCreate = defineCommand<BackfillCreateOptions>({
  path: "backfill create",
  arguments: [{ name: "<dag>", description: "the DAG's id" }],
  summary: "make runs of a DAG for the ticks of a past range, one after the other",
  details:
    "The planner (`sluice engine`, `sluice dev`) makes them. A DAG has one backfill at a time; its runs do not count against maxActiveRuns.",
  options: [
    { flags: "--from <date>", description: "the first logical date", parse: readDate("--from") },
    { flags: "--to <date>", description: "the last logical date, itself included", parse: readDate("--to") },
    { flags: "--reverse", description: "the latest date first" },
    {
      flags: "--reprocess <rule>",
      description: `which dates that have a run get another: ${reprocessRules.join(", ")}`,
      parse: readRule,
      default: "none",
    },
    {
      flags: "--max-active-runs <n>",
      description: "the most of its runs at once (default: 10)",
      parse: wholeNumber("--max-active-runs", 1),
    },
    { flags: "--conf <json>", description: "the runs' params: JSON, or @file.json" },
    { flags: "--dry-run", description: "only list the dates, and why some would get no run" },
    actorOption,
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice backfill create users_sync --from 2026-01-01 --to 2026-01-31 --dry-run",
    "sluice backfill create users_sync --from 2026-01-01 --to 2026-01-31 --reprocess failed --max-active-runs 2",
  ],
  run: (context, options, [dagId = ""]) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { createBackfill, previewBackfill } = await import("@sluice/core/engine")
      const { backfillJson } = await import("../view/dag-view.ts")
      const { out } = context
      const { from, to, reprocess, maxActiveRuns } = options
      if (from === undefined || to === undefined)
        throw new UsageProblem("--from and --to are needed", {
          expected: "the first and the last logical date",
        })
      const request = {
        ...{ dagId, from, to, reprocess, isReversed: options.reverse === true },
        ...(maxActiveRuns !== undefined && { maxActiveRuns }),
        conf: readJsonObject(context, "--conf", options.conf),
      }
      if (options.dryRun === true) {
        for (const { logicalDate, intervalEnd, refusal } of await call(previewBackfill(store, request))) {
          const [date, end] = [logicalDate.toISOString(), intervalEnd.toISOString()]
          const text = `${date}  ${refusal === null ? "a run" : `no run: ${refusal}`}`
          const json = { logical_date: date, data_interval_end: end, refusal }
          await out.line(options.json === true ? JSON.stringify(json) : text)
        }
        return exitCodes.success
      }
      const backfill = await call(createBackfill(store, { ...request, actor: actorOf(options, context.env) }))
      store.wake("plan")
      await out.line(
        options.json === true
          ? JSON.stringify(backfillJson(backfill))
          : `backfill ${backfill.id} of DAG ${dagId} has ${backfill.total} dates; see \`sluice backfill show ${backfill.id}\``,
      )
      return exitCodes.success
    }),
})

function readRule(text: string): ReprocessRule {
  const found = reprocessRules.find((rule) => rule === text)
  if (found !== undefined) return found
  throw new UsageProblem(`--reprocess: "${text}" came`, { expected: `one of ${reprocessRules.join(", ")}` })
}

function readDate(flag: string): (text: string) => Date {
  return (text) => {
    const isDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    const date = new Date(text)
    if (isDate && !Number.isNaN(date.getTime())) return date
    throw new UsageProblem(`${flag}: "${text}" came`, {
      expected: "a day such as 2026-01-31 (midnight UTC), or an instant such as 2026-01-31T06:00:00Z",
    })
  }
}
