/*
 * Traces by OTLP: a run is a trace, its tasks are spans of it, and leases are spans of their task; never an item. Any
 * process knows the ids of a run's and a task's span, for they follow from their names: a worker tells of a lease while the
 * run goes on, and who ends the run tells of it and its tasks.
 */
import { createHash } from "node:crypto"
import type { HostPool } from "@sluice/core/engine"
import { type DagRunRow, type ExpansionView, partsOfExpansionId, type StoreService } from "@sluice/core/store"
import type { Span, SpanOptions } from "@opentelemetry/api"
import { Effect } from "effect"

/** Traces of one process. */
export interface Traces {
  /** Wraps a store so that ended runs are told of. */
  readonly traceStore: (store: StoreService) => StoreService
  /** Wraps hosts so that leases are told of. */
  readonly traceHosts: (hosts: HostPool) => HostPool
  /** Sends what has not been sent; what cannot be sent in three seconds is left. */
  readonly close: () => Promise<void>
}

/** The packages that send traces are not there: they are asked for by few, and left out of what everybody installs. */
export class TracesNotInstalled extends Error {
  override readonly name = "TracesNotInstalled"
}

/** How long the last traces may take to be read and sent when a process ends. */
const closeMsMax = 3_000

/** What sends traces; each is a peer of this package. */
export const tracePackages = [
  "@opentelemetry/api",
  "@opentelemetry/resources",
  "@opentelemetry/sdk-trace",
  "@opentelemetry/exporter-trace-otlp-http",
] as const

/** Whether the environment asks for traces, by OpenTelemetry's own names. */
export function asksForTraces(env: NodeJS.ProcessEnv): boolean {
  const isSet = (name: string) => (env[name] ?? "") !== ""
  if (env["OTEL_SDK_DISABLED"] === "true" || env["OTEL_TRACES_EXPORTER"] === "none") return false
  return isSet("OTEL_EXPORTER_OTLP_ENDPOINT") || isSet("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
}

/** Opens what sends traces: where to, how often and with which headers is the environment's. */
export async function openTraces(): Promise<Traces> {
  const [api, resources, sdk, otlp] = await load()
  const ids = new GivenIds(new sdk.RandomIdGenerator())
  const resource = resources
    .resourceFromAttributes({ "service.name": "sluice" })
    .merge(
      resources.detectResources({ detectors: [resources.envDetector, resources.serviceNameEnvDetector] }),
    )
  const exporter = new otlp.OTLPTraceExporter()
  const provider = new sdk.TracerProvider({
    resource,
    idGenerator: ids,
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer("sluice")
  const start: StartSpan = (name, options, { traceId, spanId, parentId }) => {
    const parent =
      parentId === null
        ? api.ROOT_CONTEXT
        : api.trace.setSpanContext(api.ROOT_CONTEXT, {
            traceId,
            spanId: parentId,
            traceFlags: 1,
            isRemote: true,
          })
    return ids.give({ traceId, spanId }, () => tracer.startSpan(name, options, parent))
  }
  const pending = new Set<Promise<unknown>>()
  return {
    traceStore: (store) => traceStore(store, start, pending),
    traceHosts: (hosts) => traceHosts(hosts, start),
    close: async () => {
      // A collector that is away takes nothing, and keeps nobody from ending; nor does a database that does not answer.
      const sent = Promise.allSettled(pending)
        .then(() => provider.shutdown())
        .catch(() => {})
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, closeMsMax)
      })
      await Promise.race([sent, late])
      clearTimeout(timer)
    },
  }
}

async function load() {
  try {
    return await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/resources"),
      import("@opentelemetry/sdk-trace"),
      import("@opentelemetry/exporter-trace-otlp-http"),
    ])
  } catch (cause) {
    throw new TracesNotInstalled(
      `OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, and what sends them is not installed: npm install ${tracePackages.join(" ")}`,
      { cause },
    )
  }
}

/** The ids of a span, and of the one it belongs to; no `spanId`: any. */
interface Place {
  readonly traceId: string
  readonly spanId: string | null
  readonly parentId: string | null
}

type StartSpan = (name: string, options: SpanOptions, place: Place) => Span

/** Gives the ids that a span is to have, and random ones to all others. */
class GivenIds {
  readonly #random: { generateTraceId(): string; generateSpanId(): string }
  #given: Pick<Place, "traceId" | "spanId"> | null = null

  constructor(random: { generateTraceId(): string; generateSpanId(): string }) {
    this.#random = random
  }

  give<A>(ids: Pick<Place, "traceId" | "spanId">, start: () => A): A {
    this.#given = ids
    try {
      return start()
    } finally {
      this.#given = null
    }
  }

  generateTraceId(): string {
    return this.#given?.traceId ?? this.#random.generateTraceId()
  }

  generateSpanId(): string {
    return this.#given?.spanId ?? this.#random.generateSpanId()
  }
}

const traceIdLength = 32
const spanIdLength = 16

function idOf(length: number, ...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, length)
}

/** The name goes in beside the number: numbers are the same in each database. */
function traceIdOf(dagRunId: string, dagId: string, runId: string): string {
  return idOf(traceIdLength, dagRunId, dagId, runId)
}

const runSpanId = (traceId: string) => idOf(spanIdLength, traceId, "run")
const taskSpanId = (traceId: string, expansionId: string) => idOf(spanIdLength, traceId, expansionId)

function traceHosts(hosts: HostPool, start: StartSpan): HostPool {
  return {
    run: async (options) => {
      const { contextId, dagId, runId, taskId } = options.context
      const { leaseId, firstIndex, count, tryNumber } = options.work
      const traceId = traceIdOf(partsOfExpansionId(contextId).dagRunId, dagId, runId)
      const attributes = {
        "sluice.dag_id": dagId,
        "sluice.run_id": runId,
        "sluice.task_id": taskId,
        "sluice.lease_id": leaseId,
        "sluice.first_index": firstIndex,
        "sluice.instances": count,
        "sluice.try_number": tryNumber,
      }
      const place = { traceId, spanId: null, parentId: taskSpanId(traceId, contextId) }
      const span = start(`lease ${taskId}`, { attributes }, place)
      try {
        await hosts.run(options)
      } catch (error) {
        fail(span, error instanceof Error ? error.message : String(error))
        throw error
      } finally {
        span.end()
      }
    },
    pull: (options) => hosts.pull(options),
    runTrigger: (options) => hosts.runTrigger(options),
    warm: () => hosts.warm(),
    closeStream: (contextId) => hosts.closeStream(contextId),
    describe: (bundle, options) => hosts.describe(bundle, options),
    close: (options) => hosts.close(options),
  }
}

/** A run is told of by the one call that ends it, beside what that call goes on to. */
function traceStore(store: StoreService, start: StartSpan, pending: Set<Promise<unknown>>): StoreService {
  const tell = (dagRunId: string) =>
    Effect.sync(() => {
      const telling = Effect.runPromise(tellRun(store, start, dagRunId))
      pending.add(telling)
      // What cannot be read is not told of: a trace is never a reason to stop.
      telling.catch(() => {}).finally(() => pending.delete(telling))
    })
  const ifEnded = (dagRunId: string) => (hasEnded: boolean) => (hasEnded ? tell(dagRunId) : Effect.void)
  return {
    ...store,
    finishDagRun: (options) => Effect.tap(store.finishDagRun(options), ifEnded(options.dagRunId)),
    cancelDagRun: (options) => Effect.tap(store.cancelDagRun(options), ifEnded(options.dagRunId)),
    timeOutRuns: (options) =>
      Effect.tap(store.timeOutRuns(options), (ids) => Effect.forEach(ids, tell, { discard: true })),
  }
}

const tellRun = Effect.fnUntraced(function* (store: StoreService, start: StartSpan, dagRunId: string) {
  const run = yield* store.dagRunById(dagRunId)
  const views = yield* store.expansionsOfRun(dagRunId)
  const traceId = traceIdOf(run.id, run.dagId, run.runId)
  const names = { "sluice.dag_id": run.dagId, "sluice.run_id": run.runId }
  const endedAt = run.endedAt ?? new Date()
  const options = {
    startTime: run.startedAt ?? run.queuedAt,
    attributes: { ...names, "sluice.run_type": run.runType, "sluice.state": run.state },
  }
  const span = start(`run ${run.dagId}`, options, { traceId, spanId: runSpanId(traceId), parentId: null })
  for (const view of views) tellTask(start, { run, view, traceId, endedAt, names })
  if (run.state === "failed") fail(span, run.note ?? "the run failed")
  span.end(endedAt)
})

function tellTask(
  start: StartSpan,
  about: {
    readonly run: DagRunRow
    readonly view: ExpansionView
    readonly traceId: string
    readonly endedAt: Date
    readonly names: Readonly<Record<string, string>>
  },
): void {
  const { view, traceId, names } = about
  if (view.openedAt === null) return
  const attributes = {
    ...names,
    "sluice.task_id": view.taskId,
    "sluice.state": view.state,
    "sluice.instances": view.created,
    "sluice.instances_failed": view.failed,
    "sluice.pages": view.pages,
  }
  const spanId = taskSpanId(traceId, view.expansionId)
  const place = { traceId, spanId, parentId: runSpanId(traceId) }
  const span = start(`task ${view.taskId}`, { startTime: view.openedAt, attributes }, place)
  if (view.state === "failed" || view.state === "upstream_failed")
    fail(span, view.stopReason?.message ?? view.state)
  span.end(view.endedAt ?? about.endedAt)
}

/** OpenTelemetry's number for an error: its enumeration would be one more thing to load. */
const errorCode = 2

function fail(span: Span, message: string): void {
  span.setStatus({ code: errorCode, message })
}
