import { DeadlineMissed } from "../deadline.ts"
import type { Connection, Sql } from "./connection.ts"

/** Gives the connection to `use`, and comes back when it is done, the connection dead, or the time over. */
export function useConnection<T>(
  connection: Connection,
  use: (sql: Sql) => Promise<T>,
  limit: { deadlineMs: number; until: number },
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const leftMs = Math.max(0, limit.until - performance.now())
    const timer = setTimeout(() => connection.destroy(new DeadlineMissed(limit.deadlineMs)), leftMs)
    const end = (settle: () => void) => {
      clearTimeout(timer)
      connection.whenDead(undefined)
      settle()
    }
    connection.whenDead((reason) => end(() => reject(reason)))
    if (connection.isDead) return
    use(connection.sql).then(
      (result) => end(() => resolve(result)),
      (error: unknown) => end(() => reject(error)),
    )
  })
}
