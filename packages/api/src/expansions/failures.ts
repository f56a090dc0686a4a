/**
 * Failures of one expansion, read in the order of their indexes, so many at a time and so many in one answer.
 *
 * Why an instance failed stands in its row and in no index. What is asked of errors is asked of each failure, so an
 * answer looks at a bounded number of them and says where the next goes on.
 */
import { createHash } from "node:crypto"
import type { TaskInstanceState } from "@sluice/core/state"
import type { StoreService, TaskInstanceView } from "@sluice/core/store"
import { Effect } from "effect"

/** The most failures that one answer looks at, and how many are read at once. */
export const failuresMax = 5_000
const failuresPerRead = 1_000

/** The most characters of a class's message. */
const kindMax = 300

/** What failed last time, be it tried again or not. */
export const failureStates: readonly TaskInstanceState[] = ["failed", "up_for_retry"]

/** Which failures, from where on. */
export interface FailureRange {
  readonly expansionId: string
  readonly states: readonly TaskInstanceState[]
  readonly afterIndex: number
  readonly toIndex?: number | undefined
}

/** How many failures were looked at, and the index of the last; null: nothing follows. */
export interface Looked {
  readonly lookedAt: number
  readonly reached: number | null
}

/** Looks at one failure after the other, at most `failuresMax` of them, until `goesOn` says no. */
export async function lookAtFailures(
  store: StoreService,
  { expansionId, states, afterIndex, toIndex }: FailureRange,
  goesOn: (failure: TaskInstanceView) => boolean,
): Promise<Looked> {
  let lookedAt = 0
  let reached = afterIndex
  while (lookedAt < failuresMax) {
    const limit = Math.min(failuresPerRead, failuresMax - lookedAt)
    const range = { expansionId, states, afterIndex: reached, ...(toIndex !== undefined && { toIndex }) }
    const failures = await Effect.runPromise(store.listTaskInstances({ ...range, limit }))
    for (const failure of failures) {
      lookedAt += 1
      reached = failure.mapIndex
      if (!goesOn(failure)) return { lookedAt, reached }
    }
    if (failures.length < limit) return { lookedAt, reached: null }
  }
  return { lookedAt, reached }
}

/** Failures of one kind: the same type, and the same message but for what differs from one to the next. */
export interface ErrorClass {
  /** Made of type and message, so that it is the same in every answer. */
  readonly id: string
  readonly type: string
  readonly message: string
}

/** The class that a failure is of. */
export function classOf({ error }: TaskInstanceView): ErrorClass {
  const type = error?.type ?? "Error"
  const message = kindOf(error?.message ?? "")
  const id = createHash("sha256").update(`${type}\n${message}`).digest("hex").slice(0, 16)
  return { id, type, message }
}

/** Leaves out what says nothing of a failure's kind: numbers, and what stands in quotes. */
function kindOf(message: string): string {
  const [line = ""] = message.split("\n")
  return line
    .replaceAll(/"[^"]*"|'[^']*'/g, "…")
    .replaceAll(/[\w.-]*\d[\w.-]*/g, "…")
    .slice(0, kindMax)
}
