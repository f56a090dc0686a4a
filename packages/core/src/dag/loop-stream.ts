/**
 * What a loop goes round with: a stream whose next item is what the iteration before has resulted in.
 *
 * Its cursor is the number of the next iteration, from 0. It ends where `until` holds, where an iteration has failed or
 * left no result, and after the last that the loop may have; whether `until` holds of that one is asked where the loop
 * ends. So `until` is asked once of each result.
 */
import { countCursor } from "../stream/bad-cursor.ts"
import { describeValue } from "../stream/describe-value.ts"
import { isGap } from "../stream/gap.ts"
import type { PagedStream } from "../stream/paged-stream.ts"
import { resultStream } from "../stream/sources/result-stream.ts"
import { endAt, readStep } from "../stream/sources/step-stream.ts"
import { FailWithoutRetry } from "./task-outcome-error.ts"

/** What `until` may know beside the result. */
export interface IterationContext {
  /** Counts from 1. */
  readonly iteration: number
}

/** Says whether a loop has come to its end with a result. */
export type Until<Result> = (result: Result, ctx: IterationContext) => boolean | PromiseLike<boolean>

/** A loop, as it is run. */
export interface LoopRules {
  /** The group's id. */
  readonly loopId: string
  readonly until: Until<unknown>
  readonly maxIterations: number
}

/** Makes the stream of what iterations take; `ends` names the tasks that an iteration waits for, that of its result first. */
export function loopStream(
  rules: LoopRules,
  { initial, ends }: { readonly initial: unknown; readonly ends: () => readonly string[] },
): PagedStream<unknown> {
  return {
    start: 0,
    async pull(cursor, scope) {
      const iteration = countCursor(`The iterations of loop "${rules.loopId}"`, cursor)
      if (iteration === 0) return { items: [initial ?? null], next: 1 }
      const step = await readStep(
        ends().map((taskId) => resultStream(taskId)),
        iteration - 1,
        scope,
      )
      if (step === "waiting") return { items: [], next: iteration, waiting: true }
      if (step === "exhausted" || hasFailed(step.values)) return endAt(iteration)
      const [result] = step.values
      const isLast = iteration >= rules.maxIterations || (await holds(rules, result, iteration))
      return isLast ? endAt(iteration) : { items: [result], next: iteration + 1 }
    },
    close: async () => {},
  }
}

/** A task that was skipped is none that has failed, but where the result was, nothing is left to go on with. */
function hasFailed([result, ...others]: readonly unknown[]): boolean {
  return isGap(result) || others.some((value) => isGap(value) && value.state === "upstream_failed")
}

/** Asks whether a loop is done with a result. */
export async function holds(
  { until, loopId }: LoopRules,
  result: unknown,
  iteration: number,
): Promise<boolean> {
  const answer: unknown = await until(result, { iteration })
  if (typeof answer === "boolean") return answer
  throw new FailWithoutRetry(
    `until of loop "${loopId}" returned ${describeValue(answer)} for iteration ${iteration}; ` +
      "expected true to end the loop, or false to go on",
  )
}
