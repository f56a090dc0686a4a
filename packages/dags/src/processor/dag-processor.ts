/**
 * The DAG processor: keeps the database the same as a folder of DAG files.
 *
 * It alone reads DAG files. Each is bundled with all it imports, evaluated once in a limited child, and stored in one go;
 * what cannot be used is stored as an import error while the last good version stays in use. A file concerns nobody
 * but itself: whatever it does, the others go on. Any number may look at one folder: the same content writes nothing. After
 * a crash at any line the next start looks at all files and finds what is not stored yet.
 *
 * Runs of DAGs that are parsed for every run wait in the store until their file, claimed and parsed anew, has given them
 * their tasks. Their claims run out: what one had claimed when it died, another parses.
 */
import { isAbsolute, join, relative, resolve, sep } from "node:path"
import { Hosts, heartbeats, roleLoop } from "@sluice/core/engine"
import type { HostPool } from "@sluice/core/host"
import {
  type DagFileRow,
  localWakeups,
  makeWakeGate,
  type ParseRequest,
  Store,
  type StoreError,
  type StoreService,
} from "@sluice/core/store"
import { Effect } from "effect"
import { DagFileSet } from "./dag-file-set.ts"
import { isDagPath, listDagPaths, stampsOf } from "./dag-folder.ts"
import { type ProcessedFile, processDagFile } from "./process-dag-file.ts"
import { serveParse } from "./serve-parse.ts"
import { watchFolder } from "./watch-folder.ts"

/** How many files are bundled and evaluated at once. */
const filesAtOnce = 2

/** How long a processor may be silent before it counts as dead. */
const deadAfterSeconds = 20

/** How often all files are looked at, whatever the watcher says. */
const rescanMsDefault = 30_000

/** How often it is looked whether runs wait for a parse, whatever was told. */
const requestPollMs = 5_000

/**
 * How long a file that runs wait for is this processor's alone: longer than it takes to bundle and evaluate as many as it
 * takes at once. After it died, others go on with them then.
 */
const claimSeconds = 60

/** Rows of one read of the store. */
const rowsMax = 1_000

/** Which folder, and who is told. */
export interface DagProcessorOptions {
  /** The folder of the DAG files. */
  readonly root: string
  /** Its name in the database, the same for all who look at it. */
  readonly folder: string
  /** Names this process in heartbeats. */
  readonly name: string
  readonly rescanMs?: number
  /** Is told of each file that was published, broke in another way, or is gone (`null`); not of those that are as they were. */
  readonly onProcessed?: (path: string, result: ProcessedFile | null) => void
}

/** A processor's state and its turn. */
export interface DagProcessor {
  /**
   * Looks at what a change of some modules (absolute paths) concerns, or, with `null`, at the whole folder: says what became
   * of each file that it looked at.
   */
  readonly processOnce: (
    changed: ReadonlySet<string> | null,
  ) => Effect.Effect<ReadonlyMap<string, ProcessedFile | null>, StoreError>
  /** Parses files that runs wait for, some of them: says how many files. */
  readonly serveRequests: () => Effect.Effect<number, StoreError>
  /** Absolute paths of all modules in use. */
  readonly modules: () => string[]
}

/** Makes a processor that has seen nothing yet. */
export function makeDagProcessor(
  store: StoreService,
  hosts: Pick<HostPool, "describe">,
  options: DagProcessorOptions,
): DagProcessor {
  const root = resolve(options.root)
  const { folder } = options
  const known = new DagFileSet()

  const lookAt = Effect.fnUntraced(function* (path: string, parse?: FileParse) {
    const before = known.get(path)
    const file = join(root, path)
    const stamps = yield* Effect.promise(() => stampsOf([file, ...(before?.modules.keys() ?? [])]))
    const inUse = parse ?? { publishedHash: before?.publishedHash ?? null }
    const result = yield* processDagFile({ store, hosts, root, file: { folder, path }, ...inUse })
    const modules = result.modules ?? [...stamps.keys()]
    const added = yield* Effect.promise(() => stampsOf(modules.filter((module) => !stamps.has(module))))
    const problem = result.kind === "broken" ? result.error.message : null
    known.set(path, {
      modules: new Map(modules.map((module) => [module, stamps.get(module) ?? added.get(module) ?? ""])),
      publishedHash: result.kind === "broken" ? null : result.bundleHash,
      problem,
    })
    const isNews = problem === null ? isNew(result, parse !== undefined) : problem !== before?.problem
    if (isNews) options.onProcessed?.(path, result)
    return [path, result] as const
  })

  /** A parse for runs begins after all of those were asked for that its request names. */
  const serve = Effect.fnUntraced(function* (request: ParseRequest) {
    const { path, dagIds } = request
    const file = join(root, path)
    const stamps = yield* Effect.promise(() => stampsOf([file]))
    const isThere = stamps.get(file) !== "none"
    const [row] = yield* store.listDagFiles({ folder, path, after: null, limit: 1 })
    const parse = { publishedHash: row?.bundleHash ?? null, renewed: dagIds }
    const [, result] = isThere ? yield* lookAt(path, parse) : [path, null]
    yield* serveParse(store, { request, result })
  })

  const serveRequests = Effect.fnUntraced(function* () {
    const processor = options.name
    const requests = yield* store.claimParses({ folder, processor, claimSeconds, limit: filesAtOnce })
    const release = ({ dagIds }: ParseRequest) => Effect.ignore(store.releaseParses({ processor, dagIds }))
    yield* Effect.forEach(requests, (request) => Effect.ensuring(serve(request), release(request)), {
      concurrency: filesAtOnce,
    })
    return requests.length
  })

  const remove = Effect.fnUntraced(function* (paths: readonly string[]) {
    if (paths.length === 0) return
    yield* store.removeDagFiles({ folder, paths })
    for (const path of paths) {
      known.delete(path)
      options.onProcessed?.(path, null)
    }
  })

  /** The whole folder against what is stored and known. */
  const rescan = Effect.fnUntraced(function* () {
    const there = yield* Effect.promise(() => listDagPaths(root))
    const stored = yield* storedFiles(store, folder)
    const present = new Set(there)
    // Whose row is gone was forgotten with a DAG that was deleted: what the file still defines comes back.
    for (const path of known.paths) if (present.has(path) && !stored.has(path)) known.delete(path)
    const gone = [...new Set([...stored.keys(), ...known.paths])].filter((path) => !present.has(path))
    for (const path of there) {
      const row = stored.get(path)
      if (known.get(path) !== undefined || row === undefined || row.importError !== null) continue
      known.set(path, {
        modules: new Map([[join(root, path), ""]]),
        publishedHash: row.bundleHash,
        problem: null,
      })
    }
    const changed = yield* Effect.promise(() => known.changedUnseen())
    const unseen = there.filter((path) => known.get(path) === undefined)
    return { gone, paths: new Set([...unseen, ...changed.filter((path) => present.has(path))]) }
  })

  const concerned = Effect.fnUntraced(function* (changed: ReadonlySet<string>) {
    const inFolder = [...changed].map((path) => pathBelow(root, path)).filter((path) => path !== null)
    const stamps = yield* Effect.promise(() => stampsOf(inFolder.map((path) => join(root, path))))
    const isGone = (path: string) => stamps.get(join(root, path)) === "none"
    const gone = inFolder.filter((path) => isGone(path) && known.get(path) !== undefined)
    const paths = new Set([...inFolder.filter((path) => !isGone(path)), ...known.concernedBy(changed)])
    for (const path of gone) paths.delete(path)
    return { gone, paths }
  })

  const processOnce = Effect.fnUntraced(function* (changed: ReadonlySet<string> | null) {
    const { gone, paths } = yield* changed === null ? rescan() : concerned(changed)
    yield* remove(gone)
    const results = new Map<string, ProcessedFile | null>(gone.map((path) => [path, null]))
    const first = yield* Effect.forEach([...paths].toSorted(), (path) => lookAt(path), {
      concurrency: filesAtOnce,
    })
    for (const [path, result] of first) results.set(path, result)
    // A DAG that moved from one file to another is refused as long as the other has it.
    const mayBeMended = gone.length > 0 || first.some(([, result]) => result.kind === "published")
    const again = mayBeMended ? known.broken : []
    for (const [path, result] of yield* Effect.forEach(again, (path) => lookAt(path)))
      results.set(path, result)
    return results
  })

  const modules = () => known.paths.flatMap((path) => [...(known.get(path)?.modules.keys() ?? [])])
  return { processOnce, serveRequests, modules }
}

/** What is asked of a parse that runs wait for. */
interface FileParse {
  readonly publishedHash: string | null
  readonly renewed: readonly string[]
}

/** A parse for a run that gave what there was is no news. */
function isNew(result: ProcessedFile, isForRuns: boolean): boolean {
  return result.kind === "published"
    ? !isForRuns || result.newVersions.length > 0
    : result.kind !== "unchanged"
}

/** The path below the folder of a DAG file in it, or null. */
function pathBelow(root: string, path: string): string | null {
  const way = relative(root, path)
  if (way === "" || way.startsWith("..") || isAbsolute(way) || !isDagPath(way)) return null
  return way.split(sep).join("/")
}

const storedFiles = Effect.fnUntraced(function* (store: StoreService, folder: string) {
  const rows = new Map<string, DagFileRow>()
  for (let after: DagFileRow | null = null; ;) {
    const read: readonly DagFileRow[] = yield* store.listDagFiles({ folder, after, limit: rowsMax })
    for (const row of read) rows.set(row.path, row)
    after = read.at(-1) ?? null
    if (read.length < rowsMax || after === null) return rows
  }
})

/** Watches the folder for ever: a change is in the database within a second. */
export function runDagProcessor(options: DagProcessorOptions): Effect.Effect<never, never, Store | Hosts> {
  return Effect.scoped(watchAndProcess(options))
}

const watchAndProcess = Effect.fnUntraced(function* (options: DagProcessorOptions) {
  const store = yield* Store
  const hosts = yield* Hosts
  const processor = makeDagProcessor(store, hosts, options)
  const bell = localWakeups()
  const gate = yield* makeWakeGate(bell, ["due"])
  let changed = new Set<string>()
  const watch = yield* Effect.acquireRelease(
    Effect.promise(() =>
      watchFolder(resolve(options.root), (paths) => {
        for (const path of paths) changed.add(path)
        bell.wake("due")
      }),
    ),
    (watching) => Effect.promise(() => watching.close()),
  )
  const rescanMs = options.rescanMs ?? rescanMsDefault
  yield* Effect.acquireRelease(
    Effect.sync(() => store.onWake("parse", () => bell.wake("due"))),
    (end) => Effect.sync(end),
  )
  let rescannedAt = -Infinity
  const turn = Effect.gen(function* () {
    const seen = gate.version()
    // First, since runs wait for these, and a folder may have files that take long.
    const served = yield* processor.serveRequests()
    const now = performance.now()
    const isRescan = now - rescannedAt >= rescanMs
    const taken = changed
    changed = new Set()
    if (isRescan || taken.size > 0) {
      yield* processor
        .processOnce(isRescan ? null : taken)
        // What could not be stored is looked at again.
        .pipe(Effect.onError(() => Effect.sync(() => (rescannedAt = -Infinity))))
      if (isRescan) rescannedAt = now
      watch.add(processor.modules())
    }
    if (served > 0) return watch.add(processor.modules())
    const untilRescanMs = Math.max(0, rescannedAt + rescanMs - performance.now())
    yield* gate.wait(seen, Math.min(untilRescanMs, requestPollMs))
  })
  const beats = heartbeats(store, {
    deadAfterSeconds,
    name: options.name,
    roles: ["dag-processor"],
    info: { folder: options.folder },
  })
  return yield* Effect.andThen(
    Effect.all([roleLoop("dag processor", turn), beats], { concurrency: "unbounded" }),
    Effect.never,
  )
})
