import { onTestFinished } from "vitest"
import type { Deferral } from "../../host/host-pool.ts"
import type { SerializedDag } from "../../dag/serialized-dag.ts"
import type { ExpansionState } from "../../state/expansion.ts"
import type { DueExpansion, ExpansionProgress, ExpansionView } from "../../store/expansion-store.ts"
import { expansionIdOf } from "../../store/ids.ts"
import type { Lease, RecordedException } from "../../store/lease-store.ts"
import type { DagRunRow } from "../../store/run-store.ts"
import type { StoreService } from "../../store/store.ts"
import { type EdgeFixture, type TaskFixture, mapped, serializedDag } from "./dag-fixture.ts"
import type { OpenStore, StoreHarness } from "./harness.ts"
import { runEffect } from "./run-effect.ts"

/** The worker and the runner that hold everything in tests with one of each. */
export const worker = "worker-1"
export const runner = "runner-1"

/** How long leases live in these tests. */
export const leaseSeconds = 30
export const leaseMs = leaseSeconds * 1000

export type ClaimOptions = Parameters<StoreService["claim"]>[0]
export type CompleteOptions = Parameters<StoreService["complete"]>[0]
export type CommitOptions = Parameters<StoreService["commitPage"]>[0]

/** Opens a store that is closed when the test has finished. */
export async function openWorld(open: OpenStore): Promise<StoreHarness> {
  const harness = await open()
  onTestFinished(() => harness.close())
  return harness
}

/** A run with the ids of its expansions by task id. */
export interface RunFixture {
  readonly run: DagRunRow
  readonly ids: Readonly<Record<string, string>>
}

/** Registers a DAG of these tasks and makes a run of it. */
export async function createRun(
  { store }: StoreHarness,
  options: {
    readonly dagId?: string
    readonly runTimeoutMs?: number
    readonly runId?: string
    readonly tasks: readonly TaskFixture[]
    readonly edges?: readonly EdgeFixture[]
    readonly loops?: SerializedDag["loops"]
  },
): Promise<RunFixture> {
  const dag = serializedDag(options)
  await register(store, dag)
  const run = await newRun(store, { dagId: dag.dagId, runId: options.runId ?? "run-1" })
  const ids = Object.fromEntries(dag.tasks.map((task) => [task.taskId, expansionIdOf(run.id, task.ordinal)]))
  return { run, ids }
}

/** Stores a DAG with a bundle of this hash. */
export function register(store: StoreService, dag: SerializedDag, hash = "bundle-1") {
  return runEffect(store.registerDag({ dag, bundle: { hash, code: `// ${hash}`, sourceMap: null } }))
}

/** Makes a manual run. */
export function newRun(store: StoreService, options: { dagId: string; runId: string }): Promise<DagRunRow> {
  return runEffect(store.createDagRun({ ...options, runType: "manual", conf: {}, logicalDate: null }))
}

/** The facts of an expansion that is due; undefined when it is not. */
export async function factsOf(store: StoreService, expansionId: string): Promise<DueExpansion | undefined> {
  const due = await runEffect(store.dueExpansions({ limit: 1000 }))
  return due.find((expansion) => expansion.expansionId === expansionId)
}

/** Moves an expansion that is due to its next state. */
export async function decide(
  store: StoreService,
  expansionId: string,
  to: ExpansionState | null,
): Promise<void> {
  const facts = await factsOf(store, expansionId)
  if (facts === undefined) throw new Error(`expansion ${expansionId} is not due`)
  const { seq, state } = facts
  const { isDone } = await runEffect(store.decideExpansion({ expansionId, seq, from: state, to }))
  if (!isDone) throw new Error(`expansion ${expansionId} could not go from ${state} to ${to}`)
}

/** Marks everything that is due as seen. */
export async function settle(store: StoreService): Promise<void> {
  for (const { expansionId } of await runEffect(store.dueExpansions({ limit: 1000 }))) {
    await decide(store, expansionId, null)
  }
}

/** An expansion as it is seen. */
export async function viewOf(
  store: StoreService,
  dagRunId: string,
  expansionId: string,
): Promise<ExpansionView> {
  const views = await runEffect(store.expansionsOfRun(dagRunId))
  return views.find((view) => view.expansionId === expansionId)!
}

/** What a test of instances starts from: a mapped task whose stream is open and held by `runner`. */
export interface OpenMap {
  readonly expansionId: string
  readonly dagRunId: string
  readonly epoch: number
  /** Commits a page of these items; null stands for a gap, `upstream_failed` unless `gaps` says otherwise. */
  readonly commit: (
    items: readonly (string | null)[],
    options?: Partial<CommitOptions>,
  ) => Promise<ExpansionProgress>
  readonly view: () => Promise<ExpansionView>
}

/** Makes a run of one mapped task, and opens it. */
export async function openMap(
  world: StoreHarness,
  options: { readonly dagId?: string; readonly runId?: string; readonly task?: Partial<TaskFixture> } = {},
): Promise<OpenMap> {
  const { run, ids } = await createRun(world, { ...options, tasks: [mapped("load", options.task)] })
  return openStream(world.store, run.id, ids["load"]!)
}

/** Opens an expansion and takes the right to pull it. */
export async function openStream(
  store: StoreService,
  dagRunId: string,
  expansionId: string,
): Promise<OpenMap> {
  await decide(store, expansionId, "open")
  const held = await runEffect(store.leaseExpansions({ runnerId: runner, limit: 1000, leaseSeconds }))
  const epoch = held.find((lease) => lease.expansionId === expansionId)!.epoch
  return {
    expansionId,
    dagRunId,
    epoch,
    commit: (items, overrides) =>
      runEffect(store.commitPage(page({ expansionId, epoch, items, ...overrides }))),
    view: () => viewOf(store, dagRunId, expansionId),
  }
}

/** The options of a commit, with defaults. */
export function page(
  options: Partial<CommitOptions> & { expansionId: string; epoch: number },
): CommitOptions {
  const items = options.items ?? []
  const gaps = items.flatMap((item, position) =>
    item === null ? [{ position, state: "upstream_failed" as const }] : [],
  )
  return {
    items,
    keys: null,
    labels: null,
    gaps,
    cursor: options.exhausted === true ? null : `{"after":${items.length}}`,
    exhausted: false,
    resume: null,
    pulls: 1,
    consumed: [],
    fusedSources: [],
    ...options,
  }
}

/** Encoded items 0 to `count`. */
export function items(count: number): string[] {
  return Array.from({ length: count }, (_, i) => JSON.stringify({ n: i }))
}

/** Claims with defaults that take everything there is. */
export async function claim(
  store: StoreService,
  options: Partial<ClaimOptions> = {},
): Promise<readonly Lease[]> {
  return (await runEffect(store.claim(claimOptions(options)))).leases
}

/** The options of a claim, with defaults. */
export function claimOptions(options: Partial<ClaimOptions> = {}): ClaimOptions {
  const turns = { held: [], after: null, offersAfter: null, offersFirst: true, past: null }
  return { workerId: worker, limit: 100, leaseSeconds, sizeDefault: 100, sizes: [], ...turns, ...options }
}

/** Claims the one lease that there is. */
export async function claimOne(store: StoreService, options: Partial<ClaimOptions> = {}): Promise<Lease> {
  const leases = await claim(store, { limit: 1, ...options })
  if (leases.length !== 1) throw new Error(`expected one lease, got ${leases.length}`)
  return leases[0]!
}

/** Claims until there is nothing left to claim. */
export async function claimAll(store: StoreService, options: Partial<ClaimOptions> = {}): Promise<Lease[]> {
  const all: Lease[] = []
  for (;;) {
    const leases = await claim(store, options)
    if (leases.length === 0) return all
    all.push(...leases)
  }
}

/** Numbers in ascending order. */
export function ascending(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b)
}

/** The map indexes of a lease that are to be run, ascending. */
export function indexesOf(lease: Lease): number[] {
  const indexes = lease.indexes ?? Array.from({ length: lease.count }, (_, i) => lease.firstIndex + i)
  return indexes.filter((index) => !lease.recorded.includes(index))
}

/** What the only instance of a lease goes on with. */
export function resumeOf({ resumes }: Lease): string | null {
  return resumes?.[0] ?? null
}

/** Completes a lease, whole or in parts: what is not said to have ended otherwise succeeded with `r<index>`. */
export async function complete(store: StoreService, lease: Lease, options: Partial<CompleteOptions> = {}) {
  const asked = completeOptions(lease, options)
  const done = await runEffect(store.complete(asked))
  // As a worker does: the next part is of what is left.
  const ended = [...(asked.indexes ?? indexesOf(lease)), ...asked.exceptions.map(({ mapIndex }) => mapIndex)]
  Object.assign(lease, { remaining: done.remaining, recorded: [...lease.recorded, ...ended] })
  return done
}

/** The options of a completion, with defaults; `indexes` is null where that says it all. */
export function completeOptions(lease: Lease, options: Partial<CompleteOptions> = {}): CompleteOptions {
  const { exceptions = [], xcoms = [], assetEvents = [] } = options
  const excepted = new Set(exceptions.map(({ mapIndex }) => mapIndex))
  const successes = options.indexes ?? indexesOf(lease).filter((index) => !excepted.has(index))
  const isWhole = lease.remaining === lease.count && !lease.isRetry
  const isPlain =
    isWhole &&
    exceptions.length + xcoms.length + assetEvents.length === 0 &&
    (options.timings ?? null) === null
  return {
    workerId: worker,
    leaseId: lease.leaseId,
    isRetry: lease.isRetry,
    remainingBefore: lease.remaining,
    indexes: isPlain && successes.length === lease.count ? null : successes,
    values: JSON.stringify(successes.map((index) => `r${index}`)),
    timings: null,
    exceptions: [],
    xcoms: [],
    assetEvents: [],
    leaseSeconds,
    ...options,
  }
}

const error = { type: "Error", message: "it broke", stack: null }

/** An instance that failed for good. */
export function failed(mapIndex: number, message = error.message): RecordedException {
  return {
    mapIndex,
    state: "failed",
    error: { ...error, message },
    retryDelayMs: null,
    startedMs: 5,
    endedMs: 9,
  }
}

/** An instance that was skipped. */
export function skipped(mapIndex: number): RecordedException {
  return { mapIndex, state: "skipped", error: null, retryDelayMs: null, startedMs: 5, endedMs: 9 }
}

/** An instance that failed and is to be tried again. */
export function retried(mapIndex: number, retryDelayMs = 1000): RecordedException {
  return { mapIndex, state: "up_for_retry", error, retryDelayMs, startedMs: 5, endedMs: 9 }
}

/** An instance that is deferred until a file is there, with a state of its own, unless it is said otherwise. */
export function deferred(mapIndex: number, deferral: Partial<Deferral> = {}): RecordedException {
  return {
    ...{ mapIndex, state: "deferred", error: null, retryDelayMs: null, startedMs: 5, endedMs: 9 },
    deferral: {
      trigger: { kind: "file", path: `/there/${mapIndex}`, everyMs: 1000 },
      resume: "collect",
      state: `{"kept":${mapIndex}}`,
      timeoutMs: null,
      ...deferral,
    },
  }
}

/** The states of an expansion's instances, by map index. */
export async function statesOf(store: StoreService, expansionId: string): Promise<Record<number, string>> {
  const views = await runEffect(store.listTaskInstances({ expansionId, afterIndex: -2, limit: 1000 }))
  return Object.fromEntries(views.map((view) => [view.mapIndex, view.state]))
}

/** Folds everything that can be folded. */
export async function foldAll(store: StoreService): Promise<number> {
  return (await runEffect(store.fold({ expansionIds: null, limit: 1000 }))).pages
}
