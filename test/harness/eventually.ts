/** How often is looked, where nothing tells that it is time. */
const everyMs = 25

/** How long something may take when nothing else is said: far longer than it ever should. */
export const deadlineMs = 30_000

/** Asks until there is an answer other than `undefined`; past the deadline it rejects, and says what was waited for. */
export async function eventually<A>(
  what: string,
  ask: () => Promise<A | undefined> | A | undefined,
  options: { deadlineMs?: number; report?: () => Promise<string> } = {},
): Promise<A> {
  const waitMs = options.deadlineMs ?? deadlineMs
  const until = performance.now() + waitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > until) {
      const more = options.report === undefined ? "" : `\n${await options.report()}`
      throw new Error(`not within ${waitMs / 1000} s: ${what}${more}`)
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

/** Waits until a value has not changed for so long. For what has an end that nothing announces. */
export async function untilSteady<A>(what: string, ask: () => Promise<A>, steadyMs: number): Promise<A> {
  let last: string | null = null
  let since = performance.now()
  return eventually(`${what} stays as it is`, async () => {
    const value = await ask()
    const seen = JSON.stringify(value)
    if (seen !== last) {
      last = seen
      since = performance.now()
      return undefined
    }
    return performance.now() - since >= steadyMs ? value : undefined
  })
}
