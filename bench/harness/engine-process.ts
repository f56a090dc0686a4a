/**
 * A process with an engine in it: all roles, or a worker alone. Asked to run a DAG, it says how the run went.
 *
 * Arguments: the database's URL, the roles, separated by commas (none: all), and `register` where one that plays some of them
 * is to register the DAGs.
 */
import { Effect, Fiber } from "effect"
import { fileURLToPath } from "node:url"
import { getHeapStatistics } from "node:v8"
import { type EngineOptions, type EngineRole, Hosts, runEngine } from "@sluice/core/engine"
import { type ExpansionView, Store } from "@sluice/core/store"
import { loadDagFile } from "@sluice/dags"
import { createHostPool } from "@sluice/host"
import { openStore } from "@sluice/postgres"
import { serve } from "./child.ts"

/** A run to make. */
export interface RunQuestion {
  readonly dagId: string
  readonly runId: string
  readonly conf: Readonly<Record<string, string | number>>
}

/** How a run went. */
export interface RunAnswer {
  /** From asking for the run to hearing of its end. */
  readonly ms: number
  readonly state: string
  /** Statements that this process sent meanwhile. */
  readonly statements: number
  /** The most heap that was in use at any look. */
  readonly heapPeakBytes: number
  readonly queuedAt: number
  readonly expansions: readonly ExpansionAnswer[]
}

/** An expansion of the run, with times as numbers. */
export type ExpansionAnswer = Pick<
  ExpansionView,
  "taskId" | "kind" | "state" | "pages" | "pulls" | "created" | "success" | "window" | "unfinishedPeak"
> & { readonly firstSuccessAt: number | null; readonly pullsAtFirstSuccess: number | null }

/** A lost notification costs this much. */
const pollMs = 1_000
const heapLookMs = 20
const stopGraceMs = 1_000

const [url = "", roles = "", registers = roles === "" ? "register" : ""] = process.argv.slice(2)
const { store, close, statements } = openStore({ url, applicationName: "sluice bench engine" })
const call = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)
const pool = createHostPool({ loadBundle: (hash) => call(store.loadBundle(hash)) })
const isWhole = roles === ""
if (registers !== "") await register()
const given: Partial<EngineOptions> = isWhole ? {} : { roles: roles.split(",") as EngineRole[] }
// The engine's type forgets that it takes options.
const startEngine = runEngine as (given: Partial<EngineOptions>) => ReturnType<typeof runEngine>
const engine = Effect.runFork(
  startEngine(given).pipe(Effect.provideService(Store, store), Effect.provideService(Hosts, pool)),
)
serve(run, async () => {
  await Effect.runPromise(Fiber.interrupt(engine))
  await pool.close({ graceMs: stopGraceMs })
  await close()
})

async function register(): Promise<void> {
  const file = fileURLToPath(new URL("../dags/numbers.ts", import.meta.url))
  const { bundle, dags } = await loadDagFile(file, pool)
  for (const dag of dags) await call(store.registerDag({ dag, bundle }))
}

async function run({ dagId, runId, conf }: RunQuestion): Promise<RunAnswer> {
  let heapPeakBytes = 0
  const looking = setInterval(() => {
    heapPeakBytes = Math.max(heapPeakBytes, getHeapStatistics().used_heap_size)
  }, heapLookMs)
  const before = statements()
  const startedAt = performance.now()
  const created = await call(store.createDagRun({ dagId, runId, runType: "manual", conf, logicalDate: null }))
  store.wake("due")
  const state = await untilEnded(created.id)
  const ms = performance.now() - startedAt
  const sent = statements() - before
  clearInterval(looking)
  const expansions = (await call(store.expansionsOfRun(created.id))).map(toAnswer)
  return { ms, state, statements: sent, heapPeakBytes, queuedAt: created.queuedAt.getTime(), expansions }
}

async function untilEnded(dagRunId: string): Promise<string> {
  for (;;) {
    const woken = nextWake()
    const { state } = await call(store.dagRunById(dagRunId))
    if (state === "success" || state === "failed") return state
    await woken
  }
}

function nextWake(): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      stop()
      clearTimeout(timer)
      resolve()
    }
    const stop = store.onWake("run", end)
    const timer = setTimeout(end, pollMs)
  })
}

function toAnswer(view: ExpansionView): ExpansionAnswer {
  const { taskId, kind, state, pages, pulls, created, success, window, unfinishedPeak, pullsAtFirstSuccess } =
    view
  const firstSuccessAt = view.firstSuccessAt?.getTime() ?? null
  return {
    taskId,
    kind,
    state,
    pages,
    pulls,
    created,
    success,
    window,
    unfinishedPeak,
    firstSuccessAt,
    pullsAtFirstSuccess,
  }
}
