/**
 * Runs one DagRun to its end in this process: from the file to the result, with the engine in between.
 *
 * Whatever happens, what was opened is closed. A run that was cancelled, or whose process was killed, is taken up again
 * with `resume`, in the DAG version that it started with.
 */
import { basename, resolve } from "node:path"
import type { SerializedDag } from "@sluice/core/dag"
import { type Bundle, BundleRejected, engineRoles, type HostPool, requestRun } from "@sluice/core/engine"
import type { Json } from "@sluice/core"
import type { DagRunRow } from "@sluice/core/store"
import { loadDagFile } from "@sluice/dags"
import { actorOf } from "../actor.ts"
import { Problem, UsageProblem } from "../problem.ts"
import { describeRejection } from "../report-error.ts"
import { openHosts, openSession, type Session, type SessionOptions, startEngine } from "../session.ts"
import type { CliContext } from "../context.ts"
import { chooseDag } from "./choose-dag.ts"
import { forgetDeadEngines } from "./dead-engines.ts"
import { findResumable } from "./resumable-run.ts"
import { readResult, type RunResult } from "./run-result.ts"
import { openTraced, type Traced } from "./telemetry.ts"
import { isEnded, type Snapshot, watchRun } from "./watch-run.ts"

/** What to run, and who watches. */
export interface RunDagOptions {
  readonly session: SessionOptions
  /** The DAG file. */
  readonly file: string
  /** Which DAG of the file; needed where there are several. */
  readonly dagId?: string | undefined
  readonly conf: Json
  /** Default: `manual__` and the time. */
  readonly runId?: string | undefined
  /** Go on with the newest run that is unfinished or cancelled. */
  readonly resume: boolean
  /** Environment variables for tasks. */
  readonly taskEnv?: Readonly<Record<string, string>>
  /** Cancels the run when aborted. */
  readonly signal: AbortSignal
  readonly observer: RunObserver
}

/** Is told how a run goes. Times between snapshots follow `everyMs`. */
export interface RunObserver {
  readonly everyMs: number
  started(start: RunStart): Promise<void> | void
  progress(snapshot: Snapshot): Promise<void> | void
  /** The run was asked to stop; what runs is being aborted. */
  cancelling(): Promise<void> | void
  /** The engine has something to say. */
  readonly log: (level: "warning" | "error", message: string, details: string | null) => void
}

/** A run that begins, or goes on. */
export interface RunStart {
  readonly run: DagRunRow
  readonly dag: SerializedDag
  readonly isResumed: boolean
  /** Other runs of this database that are unfinished: this engine works on them too. */
  readonly others: readonly DagRunRow[]
}

interface Chosen {
  readonly run: DagRunRow
  readonly isResumed: boolean
}

/** Runs it; resolves when it has ended, whatever its outcome. */
export async function runDag(context: CliContext, options: RunDagOptions): Promise<RunResult> {
  let opened: Session | undefined
  let traced: Traced | undefined
  const hosts = openHosts(
    {
      get store() {
        return required(opened).store
      },
      call: (effect) => required(opened).call(effect),
    },
    options.taskEnv,
  )
  try {
    // The file first: a mistake in it is told without starting a database.
    const loaded = await loadUnlessNamed(options, hosts)
    opened = await openSession(options.session)
    traced = await openTraced(context, opened)
    const { session, traceHosts } = traced
    const chosen = options.resume
      ? await resumeRun(session, options, loaded)
      : await createRun(session, options, required(loaded))
    return await runToEnd(session, traceHosts(hosts), options, chosen)
  } finally {
    await hosts.close({ graceMs: 0 })
    // While the database is open: a run that ended is read to be told of.
    await traced?.close()
    await opened?.close()
  }
}

function required<A>(value: A | undefined): A {
  if (value === undefined) throw new Error("used before it was opened")
  return value
}

interface LoadedFile {
  readonly bundle: Bundle
  readonly dags: readonly SerializedDag[]
}

/** A run is resumed with the version it has: with its DAG's name, the file need not even be readable. */
async function loadUnlessNamed(options: RunDagOptions, hosts: HostPool): Promise<LoadedFile | undefined> {
  if (options.resume && options.dagId !== undefined) return undefined
  const file = resolve(options.session.projectDir, options.file)
  try {
    return await loadDagFile(file, hosts)
  } catch (error) {
    if (!(error instanceof BundleRejected)) throw error
    throw refusal(file, error)
  }
}

/** Some reasons name the file by themselves. */
function refusal(file: string, { error }: BundleRejected): UsageProblem {
  const reason = describeRejection(error)
  const name = basename(file)
  return new UsageProblem(reason.includes(name) ? reason : `${name}: ${reason}`)
}

async function createRun(
  session: Session,
  options: RunDagOptions,
  { bundle, dags }: LoadedFile,
): Promise<Chosen> {
  const { store, call } = session
  const dag = chooseDag(dags, options.dagId, options.file)
  const versions = new Map<string, string>()
  for (const one of dags) {
    const { dagVersionId } = await call(store.registerDag({ dag: one, bundle }))
    versions.set(one.dagId, dagVersionId)
  }
  const parsedVersionId = versions.get(dag.dagId)
  store.wake("plan")
  const { isPaused } = await call(store.dag(dag.dagId))
  if (isPaused) {
    throw new Problem(`DAG "${dag.dagId}" is paused: its run would not start`, {
      fix: `let it go on with \`sluice dags unpause ${dag.dagId}\``,
    })
  }
  const run = await call(
    requestRun(store, {
      ...{ dagId: dag.dagId, runId: options.runId, conf: options.conf, triggeredBy: "cli" },
      ...(parsedVersionId !== undefined && { parsedVersionId }),
    }),
  )
  return { run, isResumed: false }
}

async function resumeRun(
  session: Session,
  options: RunDagOptions,
  loaded: LoadedFile | undefined,
): Promise<Chosen> {
  const { store, call } = session
  const dagId = options.dagId ?? chooseDag(loaded?.dags ?? [], undefined, options.file).dagId
  const found = await findResumable(session, { dagId, runId: options.runId })
  await forgetDeadEngines(session)
  if (found.isCancelled || (found.awaitsParse && found.state === "failed")) {
    await call(store.resumeDagRun({ dagRunId: found.id, actor: actorOf({}, process.env) }))
    store.wake("parse")
  }
  return { run: await call(store.dagRunById(found.id)), isResumed: true }
}

/** All but the planner: one run was asked for, and none of those that schedules would make. */
const roles = engineRoles.filter((role) => role !== "planner")

/** The most other unfinished runs that are named. */
const othersMax = 5

async function othersUnfinished({ store, call }: Session, run: DagRunRow): Promise<DagRunRow[]> {
  const runs = await call(store.listDagRuns({ states: ["running"], limit: othersMax + 1 }))
  return runs.filter((other) => other.id !== run.id).slice(0, othersMax)
}

async function runToEnd(
  session: Session,
  hosts: HostPool,
  options: RunDagOptions,
  chosen: Chosen,
): Promise<RunResult> {
  const { store, call } = session
  const { observer } = options
  const { dag } = await call(store.dagVersion(chosen.run.dagVersionId))
  const others = await othersUnfinished(session, chosen.run)
  await observer.started({ ...chosen, dag, others })
  const engine = startEngine(session, hosts, observer.log, { roles })
  try {
    for (const topic of ["due", "open", "work", "trigger"] as const) store.wake(topic)
    const stopCancelling = cancelOnAbort(session, options, chosen.run)
    const last = await Promise.race([watchToEnd(session, options, chosen.run), engine.broken])
    await stopCancelling()
    await engine.stop()
    return await readResult(session, { ...last, dag })
  } catch (error) {
    await engine.stop()
    throw error
  }
}

async function watchToEnd(session: Session, { observer }: RunDagOptions, run: DagRunRow): Promise<Snapshot> {
  for await (const snapshot of watchRun(session, run.id, observer.everyMs)) {
    await observer.progress(snapshot)
    if (isEnded(snapshot.run)) return snapshot
  }
  throw new Problem(`run "${run.runId}" is not there any more`)
}

/** Cancels the run when the signal aborts; gives what ends the watch over it. */
function cancelOnAbort(
  { store, call }: Session,
  { signal, observer }: RunDagOptions,
  run: DagRunRow,
): () => Promise<void> {
  let cancelling: Promise<void> = Promise.resolve()
  const cancel = async () => {
    await observer.cancelling()
    await call(
      store.cancelDagRun({ dagRunId: run.id, note: "cancelled by hand", actor: actorOf({}, process.env) }),
    )
    store.wake("control")
    store.wake("run")
  }
  const onAbort = () => {
    cancelling = cancel().catch((error: unknown) =>
      observer.log("error", "the run could not be cancelled", String(error)),
    )
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener("abort", onAbort, { once: true })
  return async () => {
    signal.removeEventListener("abort", onAbort)
    await cancelling
  }
}
