/**
 * A session with the database, and the engine that a command may run on it.
 *
 * What is opened is closed in the reverse order: engine, hosts, connections, and last the embedded server, if no other
 * command uses it.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import {
  type EngineOptions,
  Hosts,
  type HostPool,
  ObservedTurns,
  runEngine,
  type TurnObserver,
} from "@sluice/core/engine"
import { Store, type StoreService } from "@sluice/core/store"
import { type CountedHostPool, createHostPool } from "@sluice/host"
import type { SecretBox } from "@sluice/core/secrets"
import { makeVault, type Vault } from "@sluice/core/vault"
import { type Database, openDatabase, openStore } from "@sluice/postgres"
import { Effect, Fiber } from "effect"
import { type EngineLog, engineLogLayer } from "./engine-log.ts"
import { Problem } from "./problem.ts"
import { openSecretBox } from "./secret-key.ts"

/** Which database, and for whom. */
export interface SessionOptions {
  /** Where `.sluice` is. */
  readonly projectDir: string
  /** The user's Postgres; without it the embedded one of the project. */
  readonly databaseUrl: string | undefined
  /** How the connections are called in `pg_stat_activity`. */
  readonly applicationName: string
  /** Where SLUICE_SECRET_KEY is looked for. Default: the environment of the process. */
  readonly env?: NodeJS.ProcessEnv
  /** Whether to make the embedded database where there is none yet. Default: true. */
  readonly mayCreate?: boolean
}

/** An open database with the store over it. */
export interface Session {
  readonly store: StoreService
  readonly database: Database
  /** Seals and opens what is secret in the database, with the key of this environment or project. */
  readonly vault: Vault
  /** Runs a store call as a promise that rejects with its error. */
  readonly call: <A, E>(effect: Effect.Effect<A, E>) => Promise<A>
  close(): Promise<void>
}

/** The URL a command works with: its flag, else the environment. */
export function databaseUrlOf(
  options: { readonly databaseUrl?: string | undefined },
  env: NodeJS.ProcessEnv,
): string | undefined {
  const url = options.databaseUrl ?? env["DATABASE_URL"]
  return url === "" ? undefined : url
}

/** Opens the database, ready to be worked with. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { projectDir, databaseUrl, applicationName } = options
  if (databaseUrl === undefined && options.mayCreate === false) requireEmbedded(projectDir)
  const database = await openDatabase({ url: databaseUrl, projectDir, migrate: false })
  const { isEmbedded } = database
  const { store, close } = openStore({ url: database.url, applicationName })
  return {
    store,
    database,
    // Not before it is needed: most commands have nothing to do with secrets.
    vault: lazyVault(() => openSecretBox(options.env ?? process.env, { isEmbedded, projectDir })),
    call: (effect) => Effect.runPromise(effect),
    close: async () => {
      await close()
      await database.close()
    },
  }
}

function lazyVault(open: () => SecretBox | null): Vault {
  let opened: Vault | undefined
  const vault = () => (opened ??= makeVault(open()))
  return {
    sealVariable: (variable, actor) => vault().sealVariable(variable, actor),
    openVariable: (row) => vault().openVariable(row),
    sealConnection: (connection, actor) => vault().sealConnection(connection, actor),
    openConnection: (row) => vault().openConnection(row),
    reseal: (part, text) => vault().reseal(part, text),
  }
}

/** Opens the database for a piece of work, and closes it however that ends. */
export async function withSession<A>(
  options: SessionOptions,
  use: (session: Session) => Promise<A>,
): Promise<A> {
  const session = await openSession(options)
  try {
    return await use(session)
  } finally {
    await session.close()
  }
}

function requireEmbedded(projectDir: string): void {
  const folder = join(projectDir, ".sluice", "postgres")
  if (existsSync(folder) || existsSync(`${folder}.location`)) return
  throw new Problem(`there is no database here`, {
    expected: `.sluice/postgres in ${projectDir}, or DATABASE_URL`,
    fix: "go to the project's folder, or make the first run with `sluice run <file>`",
  })
}

/** Opens the embedded database of a project; refuses where there is none. */
export function openEmbeddedIfThere(projectDir: string): Promise<Database> {
  requireEmbedded(projectDir)
  return openDatabase({ url: undefined, projectDir, migrate: false })
}

/** An engine in this process. */
export interface EngineSession {
  /** Rejects if the engine breaks; never resolves. */
  readonly broken: Promise<never>
  /** Resolves when the engine has run out, after its `drain` was aborted. */
  readonly drained: Promise<void>
  /** Stops in order: what runs is aborted and has its grace, the rest is given back. */
  stop(): Promise<void>
}

/** Starts roles over a session's store, all by default. The hosts are the caller's, and are closed with the engine. */
export function startEngine(
  session: Session,
  hosts: HostPool,
  log: EngineLog,
  options: Partial<EngineOptions> & { readonly turns?: TurnObserver } = {},
): EngineSession {
  const engine = Effect.runFork(
    runEngine({ vault: session.vault, ...options }).pipe(
      Effect.provideService(Store, session.store),
      Effect.provideService(Hosts, hosts),
      Effect.provideService(ObservedTurns, options.turns ?? null),
      Effect.provide(engineLogLayer(log)),
    ),
  )
  let isStopping = false
  const ended = Effect.runPromise(Fiber.join(engine))
  const broken = new Promise<never>((_resolve, reject) => {
    ended.catch((error: unknown) => {
      if (!isStopping) reject(error)
    })
  })
  broken.catch(() => {})
  return {
    broken,
    drained: ended,
    stop: async () => {
      isStopping = true
      await Effect.runPromise(Fiber.interrupt(engine))
      await hosts.close({ graceMs: hostGraceMs })
    },
  }
}

/** How long hosts may take to close their streams once nothing runs in them any more. */
const hostGraceMs = 2_000

/** Makes the hosts of a session: they load bundles from its store. With `isWarm` they start at once (the default). */
export function openHosts(
  session: Pick<Session, "call" | "store">,
  env: Readonly<Record<string, string>> = {},
  { isWarm = true }: { readonly isWarm?: boolean } = {},
): CountedHostPool {
  const pool = createHostPool({ loadBundle: (hash) => session.call(session.store.loadBundle(hash)), env })
  if (isWarm) pool.warm()
  return pool
}
