import type { ExpansionView, LogRow } from "@sluice/core/store"
import type { Session } from "../session.ts"

const rowsPerRead = 200

interface Reading {
  readonly task: ExpansionView
  after: string | null
  rows: readonly LogRow[]
  place: number
  isAtEnd: boolean
}

/**
 * Reads the logs of several tasks as one, in the order they were stored, and again what came since.
 *
 * Line ids rise over all tasks, so the tasks' lists are merged by id: one page of each is in memory.
 */
export class LogReader {
  readonly #session: Session
  readonly #mapIndex: number | undefined
  readonly #readings: readonly Reading[]

  constructor(session: Session, tasks: readonly ExpansionView[], mapIndex: number | undefined) {
    this.#session = session
    this.#mapIndex = mapIndex
    this.#readings = tasks.map((task) => ({ task, after: null, rows: [], place: 0, isAtEnd: false }))
  }

  /** Gives the lines that were not given yet. */
  async *read(): AsyncGenerator<{ readonly task: ExpansionView; readonly row: LogRow }> {
    for (const reading of this.#readings) reading.isAtEnd = false
    for (;;) {
      for (const reading of this.#readings) await this.#fill(reading)
      const next = this.#readings
        .filter((reading) => reading.rows.length > reading.place)
        .reduce<Reading | null>(earlier, null)
      const row = next?.rows[next.place]
      if (next === null || row === undefined) return
      next.place += 1
      next.after = row.id
      yield { task: next.task, row }
    }
  }

  async #fill(reading: Reading): Promise<void> {
    if (reading.place < reading.rows.length || reading.isAtEnd) return
    const { store, call } = this.#session
    reading.rows = await call(
      store.readLogs({
        expansionId: reading.task.expansionId,
        after: reading.after,
        limit: rowsPerRead,
        ...(this.#mapIndex !== undefined && { mapIndex: this.#mapIndex }),
      }),
    )
    reading.place = 0
    reading.isAtEnd = reading.rows.length < rowsPerRead
  }
}

function earlier(a: Reading | null, b: Reading): Reading {
  if (a === null) return b
  return idOf(b) < idOf(a) ? b : a
}

function idOf({ rows, place }: Reading): bigint {
  return BigInt(rows[place]?.id ?? 0)
}
