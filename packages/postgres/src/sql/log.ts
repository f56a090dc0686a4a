import type { LogEntry, TaskError } from "@sluice/core/host"
import type { LogRow, TaskTryRow } from "@sluice/core/store"
import type { Sql } from "./row.ts"
import { toNumber } from "./row.ts"

/** Stands for "no instance" in `log.map_index`; -1 is an unmapped task's. */
const streamIndex = -2

/** Appends log lines of one expansion. */
export async function insertLogs(
  sql: Sql,
  options: { expansionId: string; entries: readonly LogEntry[] },
): Promise<void> {
  const { entries } = options
  await sql`
    insert into log (expansion_id, map_index, try_number, at, level, message, fields)
    select expansion.id, l.map_index, l.try_number, to_timestamp(l.at / 1000), l.level, l.message,
      l.fields::json
    from unnest(
      ${entries.map((entry) => entry.mapIndex ?? streamIndex)}::bigint[],
      ${entries.map((entry) => entry.tryNumber)}::int[],
      ${entries.map((entry) => entry.at)}::float8[],
      ${entries.map((entry) => entry.level)}::text[],
      ${entries.map((entry) => entry.message.replaceAll("\u0000", "\u2400"))}::text[],
      ${entries.map((entry) => (entry.fields === null ? null : JSON.stringify(entry.fields))) as string[]}::text[]
    ) as l (map_index, try_number, at, level, message, fields)
    -- A deleted run gets no more.
    join expansion on expansion.id = ${options.expansionId}
  `
}

/** Log lines of an expansion or of one instance, oldest first. */
export async function selectLogs(
  sql: Sql,
  options: { expansionId: string; mapIndex?: number; after: string | null; limit: number },
): Promise<LogRow[]> {
  const rows = await sql<(Omit<LogRow, "mapIndex"> & { mapIndex: string })[]>`
    select id, map_index, try_number, (extract(epoch from at) * 1000)::float8 as at, level, message, fields
    from log
    where expansion_id = ${options.expansionId}
      ${options.mapIndex === undefined ? sql`` : sql`and map_index = ${options.mapIndex}`}
      ${options.after === null ? sql`` : sql`and id > ${options.after}`}
    order by id
    limit ${options.limit}
  `
  return rows.map((row) => {
    const mapIndex = toNumber(row.mapIndex)
    return { ...row, mapIndex: mapIndex === streamIndex ? null : mapIndex }
  })
}

/** The attempts of an instance that were not its last. */
export function selectTaskTries(
  sql: Sql,
  options: { expansionId: string; mapIndex: number },
): Promise<TaskTryRow[]> {
  return sql<(TaskTryRow & { error: TaskError | null })[]>`
    select try_number, state, started_at, ended_at, error from task_try
    where expansion_id = ${options.expansionId} and map_index = ${options.mapIndex}
    order by try_number
  `
}
