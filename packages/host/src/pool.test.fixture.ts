import { afterEach } from "vitest"
import { decode } from "./codec/index.ts"
import { createHostPool, type HostPoolOptions } from "./index.ts"
import type {
  EncodedReader,
  ExecutionContext,
  HostPool,
  LeaseWork,
  LogEntry,
  OtherOutcome,
  OutcomeBatch,
} from "./port.ts"

const pools: HostPool[] = []

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close({ graceMs: 200 })))
})

/** A bundle that exports one DAG named `d`, whose body is `build`; `top` runs at the top level. */
export function bundleOf(build: string, top = ""): { hash: string; code: string; sourceMap: null } {
  const code = `
    import { asset, dag, task, source, page, Skip, FailWithoutRetry } from "sluice"
    ${top}
    export default dag("d", () => { ${build} })
  `
  return { hash: `hash-${code.length}-${build.length}`, code, sourceMap: null }
}

/** A pool that closes after the test. */
export function poolOf(
  code: { build?: string; top?: string },
  options: Partial<HostPoolOptions> = {},
): HostPool {
  const bundle = bundleOf(code.build ?? "", code.top)
  const pool = createHostPool({
    hosts: 1,
    loadBundle: (hash) => Promise.resolve({ ...bundle, hash }),
    abortGraceMs: 200,
    ...options,
  })
  pools.push(pool)
  return pool
}

/** The context of one task of dag `d`. */
export function contextOf(taskId: string, given: Partial<ExecutionContext> = {}): ExecutionContext {
  return {
    contextId: `context of ${taskId}`,
    bundleHash: "b",
    structure: null,
    dagId: "d",
    taskId,
    runId: "r",
    logicalDate: "2026-01-01T00:00:00.000Z",
    dataIntervalStart: null,
    dataIntervalEnd: null,
    params: {},
    triesMax: 1,
    timeoutMs: null,
    xcoms: {},
    ...given,
  }
}

/** The lease of a mapped task over these items. */
export function workOf(items: readonly unknown[], given: Partial<LeaseWork> = {}): LeaseWork {
  return {
    leaseId: "lease",
    firstIndex: 0,
    count: items.length,
    items: JSON.stringify(items),
    recorded: [],
    tryNumber: 1,
    indexes: null,
    resumes: null,
    concurrency: 1,
    isolated: false,
    ...given,
  }
}

/** The lease of an unmapped task. */
export const singleWork = workOf([0], { firstIndex: -1, items: null })

/** What a lease reported in all. */
export interface Ran {
  readonly batches: readonly OutcomeBatch[]
  /** Decoded results by map index. */
  readonly results: ReadonlyMap<number, unknown>
  readonly others: readonly OtherOutcome[]
  readonly logs: readonly LogEntry[]
  /** What `run` rejected with. */
  readonly error: Error | null
}

/** Runs a lease to its end. */
export async function run(
  pool: HostPool,
  context: ExecutionContext,
  work: LeaseWork,
  given: { reader?: EncodedReader; signal?: AbortSignal; onBatch?: (batch: OutcomeBatch) => void } = {},
): Promise<Ran> {
  const batches: OutcomeBatch[] = []
  const onBatch = (batch: OutcomeBatch) => {
    batches.push(batch)
    given.onBatch?.(batch)
  }
  const { reader = emptyReader, signal = new AbortController().signal } = given
  const error = await pool.run({ context, work, onBatch, reader, signal }).then(
    () => null,
    (error: unknown) => error as Error,
  )
  const others = batches.flatMap((batch) => batch.others)
  const results = new Map(batches.flatMap((batch) => resultsOf(batch, work)))
  return { batches, results, others, logs: batches.flatMap((batch) => batch.logs), error }
}

/** Reads a batch as the port describes it. */
function resultsOf(batch: OutcomeBatch, work: LeaseWork): [number, unknown][] {
  const absent = new Set([...work.recorded, ...batch.others.map((other) => other.mapIndex)])
  const all = work.indexes ?? Array.from({ length: work.count }, (_, position) => work.firstIndex + position)
  const indexes = batch.indexes ?? all.filter((index) => !absent.has(index))
  const values = decode(batch.values) as unknown[]
  if (values.length !== indexes.length)
    throw new Error(`${values.length} values for ${indexes.length} indexes`)
  return values.map((value, position) => [indexes[position] ?? NaN, value])
}

/** A run in which no other task has left anything. */
export const emptyReader: EncodedReader = {
  readStream: () => Promise.resolve({ items: [], nextIndex: 0, exhausted: true }),
  readXCom: () => Promise.resolve(null),
  readAssetEvents: () => Promise.resolve([]),
}
