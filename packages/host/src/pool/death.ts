/** What is known of how a host ended. */
export interface Death {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** The end of what it wrote to its standard error. */
  readonly stderr: string
  /** Why we killed it, or why it said it would end; null: it did not. */
  readonly announced: string | null
  readonly memoryLimitMb: number
  /** False: it ended before it listened, so that no user code can be why. */
  readonly hasStarted: boolean
}

/** Says why a host ended, as the rest of a sentence that starts with "the host". */
export function causeOfDeath(death: Death): string {
  if (death.announced !== null) return death.announced
  if (/heap out of memory|Allocation failed|Reached heap limit/.test(death.stderr)) {
    return `ran out of memory (limit ${death.memoryLimitMb} MB)`
  }
  if (!death.hasStarted) return `could not start: ${tellingLine(death.stderr) ?? "it said nothing"}`
  if (death.signal !== null) return `was ended by ${death.signal}`
  return `exited with code ${death.exitCode ?? "unknown"}`
}

/** Node prints the error first, then its frames and its own version. */
function tellingLine(stderr: string): string | undefined {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("Node.js v"))
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1)
}
