import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** One line that user code wrote outside of the engine: the witness of what was really executed. */
export interface Fact {
  readonly what: string
  readonly pid: number
  readonly at: number
  readonly [key: string]: unknown
}

/** What user code of one run wrote, in the order in which it was written. */
export class Records {
  readonly #folder: string
  readonly #runId: string

  constructor(folder: string, runId: string) {
    this.#folder = folder
    this.#runId = runId
  }

  all(what?: string): Fact[] {
    const path = join(this.#folder, `${this.#runId}.jsonl`)
    if (!existsSync(path)) return []
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1)
    const facts = lines.map((line) => JSON.parse(line) as Fact)
    return what === undefined ? facts : facts.filter((fact) => fact.what === what)
  }

  count(what: string): number {
    return this.all(what).length
  }

  /** How often each value of a field was recorded. */
  times(what: string, field: string): Map<unknown, number> {
    const counts = new Map<unknown, number>()
    for (const fact of this.all(what)) counts.set(fact[field], (counts.get(fact[field]) ?? 0) + 1)
    return counts
  }

  /** Lets go what waits for it in user code. */
  raise(flag: string): void {
    writeFileSync(join(this.#folder, `${this.#runId}.${flag}.flag`), "")
  }
}
