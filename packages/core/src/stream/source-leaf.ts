/** The source task that an error came from. */
export interface SourceLeaf {
  readonly taskId: string
}

/** What every source may be told about itself. */
export interface SourceOptions {
  /** The source task's id, for messages and for `leafOf`. */
  readonly taskId?: string | undefined
}

/** Stands for a thrown value that is not an object, and so cannot be told apart from others like it. */
export class ThrownValue extends Error {
  override readonly name = "ThrownValue"
  readonly value: unknown
  constructor(value: unknown, source: string) {
    super(`${source} threw ${String(value)}, which is not an Error: throw new Error(...) to keep a stack.`)
    this.value = value
  }
}

const leaves = new WeakMap<object, SourceLeaf>()

/**
 * Gives the source task that threw an error, or undefined when it was something else: the pipeline's own functions,
 * a reader, or a source without a task id.
 *
 * @example
 * try { await stream.pull(cursor, scope) } catch (error) { leafOf(error)?.taskId }
 */
export function leafOf(error: unknown): SourceLeaf | undefined {
  return typeof error === "object" && error !== null ? leaves.get(error) : undefined
}

/** Records that an error came from a source, and gives what to throw: the same error, if it is an object. */
export function blame(error: unknown, source: SourceOptions): unknown {
  if (source.taskId === undefined) return error
  const thrown =
    typeof error === "object" && error !== null ? error : new ThrownValue(error, sourceName(source))
  leaves.set(thrown, { taskId: source.taskId })
  return thrown
}

/** Names a source in messages. */
export function sourceName(source: SourceOptions): string {
  return source.taskId === undefined ? "A source" : `Source "${source.taskId}"`
}
