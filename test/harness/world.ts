/**
 * Everything that runs a DAG, for tests: a database of their own, engines with real hosts, DAG files on disk.
 *
 * Engines run in the test's process, each with its own connections and its own hosts, so that any number of them share
 * one database, and each can be stopped in order or cut off as by a crash.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Fiber, Logger } from "effect"
import type { EngineOptions, HostPool } from "@sluice/core/engine"
import { Hosts, runEngine } from "@sluice/core/engine"
import { Store, type StoreService } from "@sluice/core/store"
import { makeSecretBox, makeSecretKey } from "@sluice/core/secrets"
import { makeVault } from "@sluice/core/vault"
import { loadDagFile } from "@sluice/dags"
import { createHostPool, type HostPoolOptions } from "@sluice/host"
import { openStore, type OpenStore } from "@sluice/postgres"
import { testDatabase, type TestDatabase } from "@sluice/postgres/testing"
import { afterAll } from "vitest"
import { Run } from "./run.ts"
import { severable } from "./severed-store.ts"

/** What an engine of a world is made with. */
export interface EngineSetup extends Partial<EngineOptions> {
  readonly pool?: Partial<HostPoolOptions>
}

/** An engine under way. */
export interface RunningEngine {
  readonly name: string
  /** Stops in order: what runs is aborted, the rest given back. */
  stop(): Promise<void>
  /** As `kill -9` would: nothing is given back, nothing more is written, and the hosts die. */
  crash(): Promise<void>
}

/** What a world is made of. Everything has a default. */
export interface WorldOptions {
  /** DAG files below `test/fixtures/dags`, without `.ts`. */
  readonly dagFiles?: readonly string[]
  /** Engines to start at once. */
  readonly engines?: readonly EngineSetup[]
  /** A database to use instead of one of its own. */
  readonly url?: string
}

/** Opens a world that is gone after the tests of the file, or when `atEnd` says. */
export async function openWorld(
  options: WorldOptions = {},
  atEnd: (close: () => Promise<void>) => void = afterAll,
): Promise<World> {
  const database = options.url === undefined ? await testDatabase() : undefined
  const folder = await mkdtemp(join(tmpdir(), "sluice-e2e-"))
  const world = new World(database?.url ?? options.url ?? "", folder, database)
  atEnd(() => world.close())
  for (const name of options.dagFiles ?? []) await world.loadFixture(name)
  for (const engine of options.engines ?? []) world.startEngine(engine)
  return world
}

export class World {
  readonly url: string
  /** Where user code writes its records. */
  readonly folder: string
  /** The test's own view of the database. */
  readonly #opened: OpenStore
  readonly #database: TestDatabase | undefined
  /** What its engines and its API seal and open with. */
  readonly vault = makeVault(makeSecretBox([makeSecretKey()]))
  readonly #engines = new Set<RunningEngine>()
  #runs = 0

  constructor(url: string, folder: string, database: TestDatabase | undefined) {
    this.url = url
    this.folder = folder
    this.#database = database
    this.#opened = openStore({ url, applicationName: "sluice e2e", hotConnections: 2, coldConnections: 2 })
  }

  get store(): StoreService {
    return this.#opened.store
  }

  /** Registers the DAGs of a file of `test/fixtures/dags`. */
  async loadFixture(name: string): Promise<void> {
    await this.loadFile(new URL(`../fixtures/dags/${name}.ts`, import.meta.url).pathname)
  }

  /** Registers the DAGs of a file as the CLI would. */
  async loadFile(path: string): Promise<readonly string[]> {
    const pool = this.makePool()
    try {
      const { bundle, dags } = await loadDagFile(path, pool)
      for (const dag of dags) await Effect.runPromise(this.store.registerDag({ dag, bundle }))
      return dags.map((dag) => dag.dagId)
    } finally {
      await pool.close({ graceMs: 0 })
    }
  }

  /** A pool of hosts whose user code records into this world. */
  makePool(given: Partial<HostPoolOptions> = {}, store: StoreService = this.store): HostPool {
    const loadBundle = (hash: string) => Effect.runPromise(store.loadBundle(hash))
    const env = { SLUICE_TASK_RECORDS: this.folder, ...given.env }
    return createHostPool({ loadBundle, hosts: 1, abortGraceMs: 500, ...given, env })
  }

  /** Starts an engine with connections and hosts of its own. */
  startEngine({ pool: poolOptions, ...options }: EngineSetup = {}): RunningEngine {
    const name = options.name ?? `engine-${this.#engines.size + 1}`
    const opened = openStore({ url: this.url, applicationName: name })
    const { store, sever } = severable(opened.store)
    const pool = this.makePool(poolOptions, store)
    const engine = runEngine({ stopGraceMs: 3_000, vault: this.vault, ...options, name }).pipe(
      Effect.provideService(Store, store),
      Effect.provideService(Hosts, pool),
      Effect.provide(Logger.layer([])),
    )
    const fiber = Effect.runFork(engine)
    let ending: Promise<void> | undefined
    const end = async (graceMs: number) => {
      // A crash takes the hosts at once; a stop lets the engine end what runs in them first.
      if (graceMs === 0) await pool.close({ graceMs })
      await Effect.runPromise(Fiber.interrupt(fiber))
      if (graceMs > 0) await pool.close({ graceMs })
      await opened.close()
      this.#engines.delete(running)
    }
    const running: RunningEngine = {
      name,
      stop: () => (ending ??= end(1_000)),
      crash: () => {
        sever()
        return (ending ??= end(0))
      },
    }
    this.#engines.add(running)
    return running
  }

  /** Starts a run of a DAG; its `conf` reaches user code as `params`. */
  async startRun(
    dagId: string,
    conf: Readonly<Record<string, string | number | boolean>> = {},
  ): Promise<Run> {
    this.#runs += 1
    const runId = `${dagId}-${this.#runs}`
    const row = await Effect.runPromise(
      this.store.createDagRun({ dagId, runId, runType: "manual", conf, logicalDate: null }),
    )
    this.store.wake("due")
    return new Run(this.store, row, this.folder)
  }

  /** Starts a run and waits for its end. */
  async runToEnd(
    dagId: string,
    conf: Readonly<Record<string, string | number | boolean>> = {},
  ): Promise<Run> {
    const run = await this.startRun(dagId, conf)
    await run.untilEnd()
    return run
  }

  async close(): Promise<void> {
    await Promise.all([...this.#engines].map((engine) => engine.stop()))
    await this.#opened.close()
    await this.#database?.drop()
    await rm(this.folder, { recursive: true, force: true })
  }
}
