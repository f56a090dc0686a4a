/**
 * DAG files in a process of the command line: processed once, or watched beside an engine.
 */
import { statSync } from "node:fs"
import { resolve } from "node:path"
import type { HostPool } from "@sluice/core/engine"
import { Hosts } from "@sluice/core/engine"
import { Store } from "@sluice/core/store"
import { makeDagProcessor, type ProcessedFile, runDagProcessor } from "@sluice/dags"
import { Effect, Fiber } from "effect"
import type { CliContext } from "../context.ts"
import { type EngineLog, engineLogLayer } from "../engine-log.ts"
import { UsageProblem } from "../problem.ts"
import type { Session } from "../session.ts"

/** A folder of DAG files. */
export interface DagFolder {
  /** Its absolute path. */
  readonly root: string
  /** Its name in the database. */
  readonly folder: string
}

/** What the command line shows of a file. */
export interface DagFileNews {
  readonly path: string
  readonly result: ProcessedFile | null
}

/** Finds the folder; refuses one that is not there. */
export function findDagFolder({ cwd }: Pick<CliContext, "cwd">, path: string, folder: string): DagFolder {
  const root = resolve(cwd, path)
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() === true) return { root, folder }
  throw new UsageProblem(`${path} is no folder`, {
    expected: "a folder of DAG files",
    fix: `make it (\`mkdir ${path}\`), or name another by --dags`,
  })
}

/** Watches a folder until it is stopped. */
export function startDagProcessor(
  session: Session,
  hosts: HostPool,
  options: DagFolder & {
    readonly name: string
    readonly log: EngineLog
    readonly onNews: (news: DagFileNews) => void
  },
): { stop(): Promise<void> } {
  const { root, folder, name, log } = options
  const onProcessed = (path: string, result: ProcessedFile | null) => options.onNews({ path, result })
  const fiber = Effect.runFork(
    runDagProcessor({ root, folder, name, onProcessed }).pipe(
      Effect.provideService(Store, session.store),
      Effect.provideService(Hosts, hosts),
      Effect.provide(engineLogLayer(log)),
    ),
  )
  return { stop: () => Effect.runPromise(Effect.asVoid(Fiber.interrupt(fiber))) }
}

/** Looks at all files of a folder once. */
export async function processDagFolder(
  session: Session,
  hosts: HostPool,
  options: DagFolder & { readonly name: string },
): Promise<DagFileNews[]> {
  const processor = makeDagProcessor(session.store, hosts, options)
  const results = await session.call(processor.processOnce(null))
  return [...results].map(([path, result]) => ({ path, result }))
}

/** One line for people. */
export function newsLine({ path, result }: DagFileNews): string {
  if (result === null) return `${path}: gone; its DAGs are stale`
  if (result.kind === "unchanged") return `${path}: unchanged`
  if (result.kind === "broken") {
    const { type, message } = result.error
    return `${path}: cannot be used: ${type === "DuplicateDag" ? "" : `${type}: `}${message}`
  }
  if (result.dagIds.length === 0) return `${path}: defines no DAG`
  const dags = result.dagIds.map((id) => (result.newVersions.includes(id) ? `${id} (new version)` : id))
  return `${path}: ${dags.join(", ")}`
}

/** One object for programs. */
export function newsJson({ path, result }: DagFileNews) {
  const error = result?.kind === "broken" ? result.error : null
  return {
    type: "dag_file",
    path,
    outcome: result?.kind ?? "gone",
    dag_ids: result?.kind === "published" ? result.dagIds : [],
    new_versions: result?.kind === "published" ? result.newVersions : [],
    error: error === null ? null : { type: error.type, message: error.message, stack: error.stack },
  }
}
