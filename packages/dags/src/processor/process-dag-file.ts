import { dirname, join } from "node:path"
import { BundleRejected, codeHashOf, type HostPool, type TaskError } from "@sluice/core/host"
import type { DagFileKey, StoreError, StoreService } from "@sluice/core/store"
import { Effect } from "effect"
import { type BundledFile, bundleDagFile } from "../bundle-dag-file.ts"
import { duplicateDagError, importErrorOf } from "./import-error.ts"

/** What became of a DAG file. */
export type ProcessedFile =
  | { readonly kind: "unchanged"; readonly modules: readonly string[]; readonly bundleHash: string }
  | {
      readonly kind: "published"
      readonly modules: readonly string[]
      readonly bundleHash: string
      readonly dagIds: readonly string[]
      readonly newVersions: readonly string[]
      /** The version that now counts of each DAG. */
      readonly versions: readonly { readonly dagId: string; readonly dagVersionId: string }[]
    }
  | {
      readonly kind: "broken"
      /** Null: they could not be found out. */
      readonly modules: readonly string[] | null
      readonly error: TaskError
    }

/** Where a file is, and what it is worked on with. */
export interface ProcessOptions {
  readonly store: StoreService
  readonly hosts: Pick<HostPool, "describe">
  /** The absolute path of the DAG folder. */
  readonly root: string
  readonly file: DagFileKey
  /** The hash of what is stored of it, and in use; null: nothing, or not known. */
  readonly publishedHash: string | null
  /** DAGs whose runs wait for this parse: it is made although the code may be the same, and then renews these alone. */
  readonly renewed?: readonly string[]
}

/**
 * Bundles a DAG file, has it evaluated in a limited child, and stores what it defines or why it cannot be used.
 *
 * Code that is stored already is not evaluated again, unless runs wait for it. Fails only when the store does.
 */
export function processDagFile(options: ProcessOptions): Effect.Effect<ProcessedFile, StoreError> {
  const { root, file } = options
  return attempt(() => bundleDagFile(join(root, file.path))).pipe(
    Effect.flatMap((bundled) => publish(options, bundled)),
    Effect.catchTag("Unusable", (problem) => keepError(options, problem)),
  )
}

/** Why a file cannot be used, and which modules its bundle has, where there is one. */
class Unusable {
  readonly _tag = "Unusable"
  readonly error: TaskError
  readonly modules: readonly string[] | null
  constructor(error: TaskError, modules: readonly string[] | null) {
    this.error = error
    this.modules = modules
  }
}

function attempt<A>(
  work: () => Promise<A>,
  modules: readonly string[] | null = null,
): Effect.Effect<A, Unusable> {
  return Effect.tryPromise({ try: work, catch: (error) => error }).pipe(
    Effect.catch((error) =>
      error instanceof BundleRejected ? Effect.fail(new Unusable(error.error, modules)) : Effect.die(error),
    ),
  )
}

const publish = Effect.fnUntraced(function* (
  options: ProcessOptions,
  { bundle: code, modules }: BundledFile,
) {
  const { store, hosts, root, file, publishedHash, renewed } = options
  const isSameCode = publishedHash !== null && codeHashOf(publishedHash) === code.hash
  if (isSameCode && renewed === undefined)
    return { kind: "unchanged", modules, bundleHash: publishedHash } satisfies ProcessedFile
  const folder = dirname(join(root, file.path))
  const { dags, bundle } = yield* attempt(() => hosts.describe(code, { folder }), modules).pipe(
    // A file of helpers: it defines nothing, and what it defined before is gone.
    Effect.catchTag("Unusable", (problem) =>
      problem.error.type === "NoDag" ? Effect.succeed({ dags: [], bundle: code }) : Effect.fail(problem),
    ),
  )
  const others = isSameCode && renewed !== undefined ? { renewed } : {}
  const result = yield* store.publishDagFile({ file, bundle, dags, ...others })
  if (result.kind === "refused")
    return yield* Effect.fail(new Unusable(duplicateDagError(file.path, result.owned), modules))
  const dagIds = dags.map((dag) => dag.dagId)
  const { newVersions, versions } = result
  if (newVersions.length > 0) store.wake("plan")
  return {
    kind: "published",
    modules,
    bundleHash: bundle.hash,
    dagIds,
    newVersions,
    versions,
  } satisfies ProcessedFile
})

const keepError = Effect.fnUntraced(function* (
  { store, root, file }: ProcessOptions,
  { error: cause, modules }: Unusable,
) {
  const folder = dirname(join(root, file.path))
  const error = yield* Effect.promise(() => importErrorOf(cause, folder))
  yield* store.storeImportError({ file, error })
  return { kind: "broken", modules, error } satisfies ProcessedFile
})
