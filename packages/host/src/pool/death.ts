/** What is known of how a host ended. */
export interface Death {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** The end of what it wrote to its standard error. */
  readonly stderr: string
  /** Why we killed it, or why it said it would end; null: it did not. */
  readonly announced: string | null
  readonly memoryLimitMb: number
}

/** Says why a host ended, as the rest of a sentence that starts with "the host". */
export function causeOfDeath(death: Death): string {
  if (death.announced !== null) return death.announced
  if (/heap out of memory|Allocation failed|Reached heap limit/.test(death.stderr)) {
    return `ran out of memory (limit ${death.memoryLimitMb} MB)`
  }
  if (death.signal !== null) return `was ended by ${death.signal}`
  return `exited with code ${death.exitCode ?? "unknown"}`
}
