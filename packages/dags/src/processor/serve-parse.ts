import type { ParseRequest, StoreError, StoreService } from "@sluice/core/store"
import { Effect } from "effect"
import type { ProcessedFile } from "./process-dag-file.ts"

/** How many runs one statement gives their tasks, or ends. */
const runsAtOnce = 100

/** Characters kept of why a run has ended, as Airflow bounds a run's note. */
const noteCharsMax = 1_000

/** What a parse came to: what became of the file; null: it is not there any more. */
export interface Parsed {
  readonly request: ParseRequest
  readonly result: ProcessedFile | null
}

/**
 * Makes runs that waited for a parse runs of what it gave, or ends them where it gave nothing. A DAG that the file does not
 * define any more has no run to make.
 */
export const serveParse = Effect.fnUntraced(function* (store: StoreService, { request, result }: Parsed) {
  const { path, dagIds, upTo } = request
  const parsed = result?.kind === "published" ? result.versions : []
  const versions = parsed.filter(({ dagId }) => dagIds.includes(dagId))
  if (versions.length > 0) yield* untilFew(() => store.attachRuns({ versions, upTo, limit: runsAtOnce }))
  const rest = dagIds.filter((dagId) => versions.every((version) => version.dagId !== dagId))
  if (rest.length > 0) {
    const note = clip(noteOf(path, rest, result))
    yield* untilFew(() => store.failUnparsedRuns({ dagIds: rest, upTo, note, limit: runsAtOnce }))
  }
  for (const topic of ["run", "due"] as const) store.wake(topic)
})

/** Repeats what does some at a time until it does fewer than it may. */
const untilFew = Effect.fnUntraced(function* (once: () => Effect.Effect<number, StoreError>) {
  while ((yield* once()) === runsAtOnce) yield* Effect.yieldNow
})

function noteOf(path: string, dagIds: readonly string[], result: ProcessedFile | null): string {
  if (result === null) return `not run: its DAG file ${path} is gone`
  if (result.kind !== "broken")
    return `not run: ${path} was parsed for it, and defines no DAG "${dagIds[0]}" now`
  const { message } = result.error
  return `not run: its DAG file could not be parsed: ${message.includes(path) ? message : `${path}: ${message}`}`
}

function clip(note: string): string {
  return note.length <= noteCharsMax ? note : `${note.slice(0, noteCharsMax - 1)}…`
}
