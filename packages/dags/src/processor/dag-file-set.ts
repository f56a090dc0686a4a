/**
 * What is known of the files of one DAG folder: which of them a change concerns.
 *
 * A DAG file is concerned by a change of any module it imports. A file that could not be used may be mended by a change
 * anywhere: what it imports is not known.
 */
import { stampsOf } from "./dag-folder.ts"

/** A DAG file as it was last looked at. */
export interface KnownFile {
  /** All that its bundle was made of, by absolute path, and how each stood before it was read. */
  readonly modules: ReadonlyMap<string, string>
  /** The hash of what is stored of it and in use; null: nothing, or it is broken now. */
  readonly publishedHash: string | null
  /** Why it cannot be used; null: it can. */
  readonly problem: string | null
}

/** The files of a folder by their paths below it. */
export class DagFileSet {
  readonly #files = new Map<string, KnownFile>()

  get paths(): readonly string[] {
    return [...this.#files.keys()]
  }

  get(path: string): KnownFile | undefined {
    return this.#files.get(path)
  }

  set(path: string, file: KnownFile): void {
    this.#files.set(path, file)
  }

  delete(path: string): void {
    this.#files.delete(path)
  }

  /** The files that a change of some modules concerns, given by absolute path. */
  concernedBy(changed: ReadonlySet<string>): string[] {
    return this.#paths((file) => file.problem !== null || [...changed].some((path) => file.modules.has(path)))
  }

  /** The files that cannot be used as they are. */
  get broken(): string[] {
    return this.#paths((file) => file.problem !== null)
  }

  /** The files that have changed although nobody said so. */
  async changedUnseen(): Promise<string[]> {
    const now = await stampsOf(new Set([...this.#files.values()].flatMap((file) => [...file.modules.keys()])))
    return this.#paths((file) => [...file.modules].some(([path, stamp]) => now.get(path) !== stamp))
  }

  #paths(isWanted: (file: KnownFile) => boolean): string[] {
    return [...this.#files].filter(([, file]) => isWanted(file)).map(([path]) => path)
  }
}
