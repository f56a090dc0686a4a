import type {
  ParseMode,
  SerializedAsset,
  SerializedDag,
  SerializedEdge,
  SerializedMapping,
  SerializedTask,
} from "../../dag/serialized-dag.ts"
import { namesOf } from "../../time/asset-condition.ts"
import { planningDefaults, type SerializedPlanning } from "../../time/timetable.ts"

/** A task as a test needs to name it: all else has a default. */
export type TaskFixture = Partial<Omit<SerializedTask, "mapping" | "ordinal">> & {
  readonly taskId: string
  readonly mapping?: Partial<SerializedMapping>
}

/** An edge as a test needs to name it: `complete`, or held back when it is a stream, unless it says otherwise. */
export type EdgeFixture = Partial<SerializedEdge> & { readonly upstream: string; readonly downstream: string }

/** Builds a serialised DAG; the tasks' ordinals are their places in the list. */
export function serializedDag(options: {
  readonly dagId?: string
  readonly runTimeoutMs?: number
  readonly parse?: ParseMode
  readonly tasks: readonly TaskFixture[]
  readonly edges?: readonly EdgeFixture[]
  readonly loops?: SerializedDag["loops"]
  readonly planning?: Partial<SerializedPlanning>
  readonly assets?: readonly (Partial<SerializedAsset> & { readonly name: string })[]
}): SerializedDag {
  return {
    dagId: options.dagId ?? "fixture",
    schedule: null,
    // Many tests make many runs, and mean none of them to wait.
    planning: { ...planningDefaults, maxActiveRuns: 1_000, ...options.planning },
    awaited: options.planning?.assets == null ? [] : namesOf(options.planning.assets),
    assets: (options.assets ?? []).map(({ name, ...rest }) => {
      return { name, uri: name, group: "asset", extra: {}, ...rest }
    }),
    description: null,
    tags: [],
    parse: options.parse ?? "on-change",
    runTimeoutMs: options.runTimeoutMs ?? null,
    paramsSchema: null,
    tasks: options.tasks.map((task, ordinal) => serializedTask(task, ordinal, options.edges ?? [])),
    groups: [],
    loops: options.loops ?? [],
    edges: (options.edges ?? []).map(serializedEdge),
  }
}

function serializedTask(task: TaskFixture, ordinal: number, edges: readonly EdgeFixture[]): SerializedTask {
  const kind = task.kind ?? "task"
  return {
    groupId: null,
    triggerRule: "all_success",
    retries: 0,
    retryDelayMs: 1000,
    retryBackoff: 1,
    retryDelayMaxMs: 60_000,
    timeoutMs: null,
    priority: 0,
    weightRule: "absolute",
    weight: task.priority ?? 0,
    concurrency: null,
    dagConcurrency: null,
    deferredMax: null,
    pool: "default_pool",
    poolSlots: 1,
    outlets: [],
    xcomInputs: [],
    ...task,
    kind,
    ordinal,
    mapping: kind === "task" ? null : serializedMapping(task.mapping ?? {}),
    gate: task.gate ?? null,
    gatesAbove: task.gatesAbove ?? 0,
    setupTeardown: task.setupTeardown ?? null,
    decidesRun: task.decidesRun ?? edges.every(({ upstream }) => upstream !== task.taskId),
  }
}

function serializedMapping(mapping: Partial<SerializedMapping>): SerializedMapping {
  return {
    kind: "iterate",
    window: 100,
    pageSize: 10,
    pageBytesMax: 1_000_000,
    maxItems: null,
    paused: false,
    toleratedFailures: null,
    leaves: [],
    operators: [],
    isKeyed: false,
    isLabelled: false,
    isOrdered: true,
    isDirect: false,
    ...mapping,
  }
}

function serializedEdge(edge: EdgeFixture): SerializedEdge {
  const kind = edge.kind ?? "complete"
  return { kind, holdsBack: kind === "stream", ...edge }
}

/** A mapped task. */
export function mapped(taskId: string, task: Partial<TaskFixture> = {}): TaskFixture {
  return { ...task, taskId, kind: "mapped" }
}

/** A shared source. */
export function sharedSource(taskId: string, task: Partial<TaskFixture> = {}): TaskFixture {
  return { ...task, taskId, kind: "source" }
}

/** A source that its consumer pulls itself. */
export function fusedSource(taskId: string): TaskFixture {
  return { taskId, kind: "fused" }
}

/** An edge over which the downstream reads while the upstream runs. */
export function streamEdge(upstream: string, downstream: string, holdsBack = true): EdgeFixture {
  return { upstream, downstream, kind: "stream", holdsBack }
}

/** An edge over which the downstream waits for the upstream's end. */
export function completeEdge(upstream: string, downstream: string): EdgeFixture {
  return { upstream, downstream, kind: "complete" }
}
