import type { PullScope } from "./pull-scope.ts"
import type { StreamReader } from "./stream-reader.ts"

/** A stream that reads what tasks of a run have left was read outside a run. */
export class StreamOutsideRun extends Error {
  override readonly name = "StreamOutsideRun"
  readonly retryable = false
}

/** Gives the scope's reader, or throws `StreamOutsideRun` with the task that was to be read. */
export function requireReader(scope: PullScope, taskId: string): StreamReader {
  if (scope.reader !== null) return scope.reader
  throw new StreamOutsideRun(
    `This stream reads what task "${taskId}" leaves, which exists only within a run: ` +
      `pass the stream to a task, or read it with { reader }.`,
  )
}
