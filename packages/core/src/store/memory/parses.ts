import { Effect } from "effect"
import type { ParseRequest, ParseStore } from "../parse-store.ts"
import { failUnparsed, timeoutOf } from "./cancel.ts"
import { addExpansions } from "./runs.ts"
import { type DagRecord, type MemoryState, type RunRecord } from "./state.ts"

/** Runs that wait for a parse, over a memory state. */
export function parses(state: MemoryState): ParseStore {
  return {
    claimParses: (options) => Effect.sync(() => claimParses(state, options)),
    releaseParses: ({ processor, dagIds }) =>
      Effect.sync(() => {
        for (const dagId of dagIds) {
          const claim = state.dags.get(dagId)?.parseClaim
          if (claim?.by === processor) Object.assign(claim, { by: null, until: state.now() })
        }
      }),
    attachRuns: ({ versions, upTo, limit }) =>
      Effect.sync(() => {
        const ids = new Map(versions.map(({ dagId, dagVersionId }) => [dagId, dagVersionId]))
        const waiting = waitingRuns(state, { dagIds: [...ids.keys()], upTo }).slice(0, limit)
        for (const run of waiting) attach(state, run, ids.get(run.dagId) ?? "")
        return waiting.length
      }),
    failUnparsedRuns: ({ dagIds, upTo, note, limit }) =>
      Effect.sync(() => {
        const waiting = waitingRuns(state, { dagIds, upTo }).slice(0, limit)
        for (const run of waiting) failUnparsed(state, run, note)
        return waiting.length
      }),
  }
}

function waitingRuns(
  state: MemoryState,
  { dagIds, upTo }: { readonly dagIds: readonly string[]; readonly upTo: string },
): RunRecord[] {
  return state.runs.filter(
    (run) => isWaiting(run) && dagIds.includes(run.dagId) && Number(run.id) <= Number(upTo),
  )
}

function isWaiting({ state, awaitsParse }: RunRecord): boolean {
  return state === "queued" && awaitsParse
}

type ClaimOptions = Parameters<ParseStore["claimParses"]>[0]

function claimParses(state: MemoryState, { folder, processor, claimSeconds, limit }: ClaimOptions) {
  const waiting = state.runs.filter(isWaiting)
  const wanted = [...state.dags.values()]
    .filter(
      ({ file, current }) => file?.folder === folder && waiting.some(({ dagId }) => dagId === current.dagId),
    )
    .toSorted((a, b) => a.parseClaim.until - b.parseClaim.until)
  const free = wanted.filter(({ parseClaim }) => parseClaim.until <= state.now())
  const paths = [...new Set(free.map(pathOf))].slice(0, limit)
  const taken = free.filter((dag) => paths.includes(pathOf(dag)))
  for (const { parseClaim } of taken)
    Object.assign(parseClaim, { by: processor, until: state.now() + claimSeconds * 1000 })
  return paths.map((path): ParseRequest => {
    const dagIds = taken
      .filter((dag) => pathOf(dag) === path)
      .map(({ current }) => current.dagId)
      .toSorted()
    return { path, dagIds, upTo: waiting.findLast(({ dagId }) => dagIds.includes(dagId))?.id ?? "0" }
  })
}

function pathOf({ file }: DagRecord): string {
  return file?.path ?? ""
}

function attach(state: MemoryState, run: RunRecord, dagVersionId: string): void {
  const version = state.versions.get(dagVersionId)
  if (version === undefined) throw new Error(`no DAG version has the id ${dagVersionId}`)
  Object.assign(run, { version, dagVersionId, awaitsParse: false })
  if (run.runType === "backfill") {
    run.state = "running"
    run.startedAt = new Date(state.now())
    run.timeoutAt = timeoutOf(version.dag, run.startedAt)
  }
  addExpansions(state, run)
}
