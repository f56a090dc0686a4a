import { type Retention, retentionDefaults } from "@sluice/core/engine"
import { keepRunsCountMax, keepRunsDaysMax } from "@sluice/core/dag"
import type { CliContext } from "../context.ts"
import { UsageProblem } from "../problem.ts"

/** Reads from the environment how long things are kept. */
export function readRetention(env: CliContext["env"]): Retention {
  const days = whole(env, "SLUICE_KEEP_RUNS_DAYS", keepRunsDaysMax)
  const count = whole(env, "SLUICE_KEEP_RUNS", keepRunsCountMax)
  return {
    ...retentionDefaults,
    runs: days === null && count === null ? null : { days, count },
    eventsDays: whole(env, "SLUICE_KEEP_EVENTS_DAYS", keepRunsDaysMax),
    assetEventsDays: whole(env, "SLUICE_KEEP_ASSET_EVENTS_DAYS", keepRunsDaysMax),
    logsDays: whole(env, "SLUICE_KEEP_LOGS_DAYS", keepRunsDaysMax),
    backfillsDays: whole(env, "SLUICE_KEEP_BACKFILLS_DAYS", keepRunsDaysMax),
    versionsDays: whole(env, "SLUICE_KEEP_VERSIONS_DAYS", keepRunsDaysMax),
  }
}

function whole(env: CliContext["env"], name: string, max: number): number | null {
  const text = env[name]?.trim() ?? ""
  if (text === "") return null
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value
  throw new UsageProblem(`${name}: "${text}" came`, { expected: `a whole number from 1 to ${max}` })
}
