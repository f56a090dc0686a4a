/**
 * Runs that tasks ask for. They are made before the deferral is recorded that waits for them, under an id that follows from
 * the instance and its try: whoever dies in between, the same try asks for the same run again, and finds it there.
 */
import { Effect } from "effect"
import type { StoreError } from "../../store/errors.ts"
import type { RecordedException } from "../../store/lease-store.ts"
import type { StoreService } from "../../store/store.ts"
import { untilAvailable } from "../../store/store-retry.ts"
import { requestRun } from "../request-run.ts"

/** Makes the runs that instances have asked for; one whose run cannot be made fails for good. */
export function makeAskedRuns(
  store: StoreService,
  exceptions: readonly RecordedException[],
): Effect.Effect<readonly RecordedException[], StoreError> {
  return Effect.forEach(exceptions, (exception) => makeAskedRun(store, exception))
}

const makeAskedRun = Effect.fnUntraced(function* (store: StoreService, exception: RecordedException) {
  const { deferral } = exception
  const trigger = deferral?.trigger
  if (deferral === undefined || trigger?.kind !== "run" || trigger.make === undefined) return exception
  const { dagId, runId, make } = trigger
  const { conf, logicalDate } = make
  const problem = yield* untilAvailable(
    requestRun(store, {
      ...{ dagId, runId, conf, runType: "operator_triggered", triggeredBy: "operator" },
      logicalDate: logicalDate === null ? null : new Date(logicalDate),
    }).pipe(
      Effect.as(null),
      // Made by this very try before, which then came to nothing.
      Effect.catchTag("DuplicateDagRun", () => Effect.succeed(null)),
      Effect.catchTag("InvalidRun", ({ message }) => Effect.succeed(message)),
      Effect.catchTag("NotFound", () => Effect.succeed(`there is no dag "${dagId}"`)),
    ),
  )
  if (problem !== null) {
    const error = { type: "InvalidRun", message: `no run of "${dagId}" was made: ${problem}`, stack: null }
    const { deferral: _, ...failed } = exception
    return { ...failed, state: "failed", error } satisfies RecordedException
  }
  for (const topic of ["due", "run"] as const) store.wake(topic)
  const waited = make.waits ? ({ kind: "run", dagId, runId } as const) : ({ kind: "delay", ms: 0 } as const)
  return { ...exception, deferral: { ...deferral, trigger: waited } }
})
