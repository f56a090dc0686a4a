/**
 * An engine as a process that tests may kill: plays some roles on a database, dies where it is told to, and runs out when
 * it is asked to end.
 *
 * One argument: JSON of `EngineSettings`. Speaks with its parent over IPC: says that it is ready and which of its calls
 * were refused; is told where to die. SIGTERM lets it run out.
 */
import { Cause, Effect, Fiber, Logger } from "effect"
import { type EngineOptions, type EngineRole, Hosts, runEngine } from "@sluice/core/engine"
import { Store } from "@sluice/core/store"
import { createHostPool } from "@sluice/host"
import { openStore } from "@sluice/postgres"
import { type Failpoint, Fuse, type FailpointVerb, fusedHosts, fusedStore } from "./failpoint.ts"

/** What the process is started with. */
export interface EngineSettings {
  readonly url: string
  readonly name: string
  readonly roles: readonly EngineRole[]
  readonly leaseSeconds: number
  readonly deadAfterSeconds: number
  /** Where user code records what it does. */
  readonly recordsFolder: string
}

/** What it says. */
export type FromEngine =
  | { readonly type: "ready" }
  | { readonly type: "armed" }
  | { readonly type: "refused"; readonly verb: FailpointVerb }

/** How long what still runs at the end has, after it was aborted. */
const stopGraceMs = 1_000

const settings = JSON.parse(process.argv[2] ?? "{}") as EngineSettings
const { url, name, roles, leaseSeconds, deadAfterSeconds, recordsFolder } = settings
const fuse = new Fuse()
const say = (message: FromEngine) => void process.send?.(message)
// Few connections each: there are many of these at once, and one server for all tests.
const opened = openStore({ url, applicationName: name, hotConnections: 3, coldConnections: 1 })
const store = fusedStore(opened.store, fuse, (verb) => say({ type: "refused", verb }))
const pool = createHostPool({
  loadBundle: (hash) => Effect.runPromise(store.loadBundle(hash)),
  hosts: 1,
  abortGraceMs: 500,
  env: { SLUICE_TASK_RECORDS: recordsFolder },
})
const drain = new AbortController()
const options: Partial<EngineOptions> = {
  name,
  roles,
  leaseSeconds,
  deadAfterSeconds,
  stopGraceMs,
  drain: drain.signal,
}
const logger = Logger.make(({ logLevel, message, cause }) => {
  if (logLevel !== "Warn" && logLevel !== "Error" && logLevel !== "Fatal") return
  const why = cause.reasons.length === 0 ? "" : ` (${Cause.pretty(cause).replaceAll(/\s+/g, " ")})`
  process.stderr.write(`${logLevel}: ${String(message)}${why}\n`)
})
const engine = Effect.runFork(
  runEngine(options).pipe(
    Effect.provideService(Store, store),
    Effect.provideService(Hosts, fusedHosts(pool, fuse)),
    Effect.provide(Logger.layer([logger])),
  ),
)
process.on("message", (point) => {
  fuse.arm(point as Failpoint)
  say({ type: "armed" })
})
process.on("SIGTERM", () => drain.abort())
// Whoever started it has died: nobody would end it.
const onOrphaned = () => process.exit(1)
process.on("disconnect", onOrphaned)
say({ type: "ready" })
await Effect.runPromise(Fiber.join(engine))
await pool.close({ graceMs: stopGraceMs })
await opened.close()
process.off("disconnect", onOrphaned)
process.disconnect()
