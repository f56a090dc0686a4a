import type { DagRunRow } from "@sluice/core/store"
import type { Session } from "../session.ts"

/** The most roles that are looked at: more than one database ever has alive. */
const rolesMax = 1_000

/** The role that parses DAG files. */
const role = "dag-processor"

/** Says what a run waits for that has no tasks before its file is parsed; null: it does not wait for that. */
export async function parseWait({ store, call }: Session, run: DagRunRow): Promise<string | null> {
  if (!run.awaitsParse || run.state !== "queued") return null
  const { filePath } = await call(store.dag(run.dagId))
  const roles = await call(store.listRoles({ limit: rolesMax }))
  const isAnyAlive = roles.some((row) => row.role === role && row.isAlive)
  const waits = `waits until ${filePath ?? "its DAG file"} has been parsed for it`
  return isAnyAlive
    ? waits
    : `${waits}, and no DAG processor lives: start one with \`sluice dag-processor\` or \`sluice dev\``
}
