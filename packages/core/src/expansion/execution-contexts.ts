import { Effect } from "effect"
import type { Json } from "../json.ts"
import type { SerializedTask } from "../dag/serialized-dag.ts"
import { structureHash } from "../host/captured-bundle.ts"
import type { ExecutionContext } from "../host/host-pool.ts"
import type { NotFound, StoreError } from "../store/errors.ts"
import { expansionIdOf, partsOfExpansionId } from "../store/ids.ts"
import type { DagVersion } from "../store/definition-store.ts"
import type { StoreService } from "../store/store.ts"
import { untilAvailable } from "../store/store-retry.ts"

/** The most expansions and DAG versions that one process remembers; the longest unused goes first. */
export const contextsMax = 1000

/** What is known of a task of a run, once and for all its instances. */
export interface TaskOfRun {
  readonly task: SerializedTask
  readonly version: DagVersion
  readonly dagRunId: string
  readonly context: ExecutionContext
  /** The expansion of another task of the same run. */
  readonly expansionOf: (taskId: string) => string
  readonly ordinalOf: (taskId: string) => number
}

/** Looks up what a host must know of an expansion, and remembers it, until the expansion has begun anew. */
export interface ExecutionContexts {
  readonly get: (expansion: {
    readonly expansionId: string
    readonly generation: number
  }) => Effect.Effect<TaskOfRun, NotFound | StoreError>
}

/** Makes the look-up; bounded by `contextsMax`. */
export function makeExecutionContexts(store: StoreService): ExecutionContexts {
  const versions = new Map<string, KnownVersion>()
  const tasks = new Map<string, TaskOfRun>()
  const version = (id: string) => remembered(versions, id, Effect.map(store.dagVersion(id), withStructure))
  return {
    get: ({ expansionId, generation }) =>
      remembered(tasks, `${expansionId}/${generation}`, load(store, version, expansionId)),
  }
}

/** A version and what its structure is called, which takes as long to say as the DAG has tasks. */
interface KnownVersion {
  readonly version: DagVersion
  readonly structure: string
}

function withStructure(version: DagVersion): KnownVersion {
  return { version, structure: structureHash(version.dag) }
}

function remembered<A, E>(
  cache: Map<string, A>,
  key: string,
  load: Effect.Effect<A, E>,
): Effect.Effect<A, E> {
  return Effect.suspend(() => {
    const known = cache.get(key)
    if (known !== undefined) {
      cache.delete(key)
      cache.set(key, known)
      return Effect.succeed(known)
    }
    return Effect.map(untilAvailable(load), (value) => {
      cache.set(key, value)
      const oldest = cache.keys().next()
      if (cache.size > contextsMax && oldest.done !== true) cache.delete(oldest.value)
      return value
    }) as Effect.Effect<A, E>
  })
}

/** The defaults that a DAG's params schema gives its properties, as in Airflow. */
function paramDefaults(schema: Json | null): Record<string, Json> {
  const properties = asObject(asObject(schema)["properties"] ?? null)
  const defaults = Object.entries(properties).map(
    ([name, property]) => [name, asObject(property)["default"]] as const,
  )
  return Object.fromEntries(defaults.filter((entry): entry is [string, Json] => entry[1] !== undefined))
}

function asObject(value: Json): Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json>>)
    : {}
}

const load = Effect.fnUntraced(function* (
  store: StoreService,
  versionOf: (id: string) => Effect.Effect<KnownVersion, NotFound | StoreError>,
  expansionId: string,
) {
  const { dagRunId, ordinal } = partsOfExpansionId(expansionId)
  const run = yield* store.dagRunById(dagRunId)
  const { version, structure } = yield* versionOf(run.dagVersionId)
  const task = version.dag.tasks[ordinal]
  if (task === undefined) throw new Error(`expansion ${expansionId} has no task in ${run.dagId}`)
  const ordinals = new Map(version.dag.tasks.map((one) => [one.taskId, one.ordinal]))
  const ordinalOf = (taskId: string) => {
    const found = ordinals.get(taskId)
    if (found === undefined) throw new Error(`task "${taskId}" is not in DAG "${run.dagId}"`)
    return found
  }
  const expansionOf = (taskId: string) => expansionIdOf(dagRunId, ordinalOf(taskId))
  const xcoms: Record<string, string> = {}
  for (const taskId of task.xcomInputs) {
    const value = yield* store
      .xcom({ expansionId: expansionOf(taskId), mapIndex: -1, key: "return_value" })
      .pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))
    if (value !== null) xcoms[taskId] = value
  }
  const date = (at: Date | null) => at?.toISOString() ?? null
  const context: ExecutionContext = {
    contextId: expansionId,
    bundleHash: version.bundleHash,
    structure,
    dagId: run.dagId,
    taskId: task.taskId,
    runId: run.runId,
    logicalDate: date(run.logicalDate),
    dataIntervalStart: date(run.dataIntervalStart),
    dataIntervalEnd: date(run.dataIntervalEnd),
    params: { ...paramDefaults(version.dag.paramsSchema), ...asObject(run.conf) },
    triesMax: task.retries + 1,
    timeoutMs: task.timeoutMs,
    xcoms,
  }
  return { task, version, dagRunId, context, expansionOf, ordinalOf } satisfies TaskOfRun
})
