/** A call did not end in the time it was given; whether the database did the work is unknown. */
export class DeadlineMissed extends Error {
  /** Read like a driver's code, so that it is handled as a lost connection. */
  readonly code = "DEADLINE_MISSED"
  constructor(deadlineMs: number) {
    super(`missed its deadline of ${deadlineMs / 1000} s`)
    this.name = "DeadlineMissed"
  }
}

/**
 * Asks again and again until there is an answer other than `undefined`, or the time is over.
 *
 * For what gives no event: a file that another process writes, a process that ends.
 */
export async function pollUntil<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  options: { everyMs: number; deadlineMs: number },
): Promise<T | undefined> {
  const until = performance.now() + options.deadlineMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined || performance.now() >= until) return answer
    await new Promise((resolve) => setTimeout(resolve, options.everyMs))
  }
}
