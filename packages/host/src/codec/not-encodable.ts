/** A value that cannot be kept as data. The message names the place in it, what is there, and what to do. */
export class NotEncodable extends Error {
  override readonly name = "NotEncodable"
  /** The same code gives the same kind of value: another try cannot mend it. */
  readonly retryable = false
}

/** One step from a value into what it holds. The path to a place is a list linked towards the root. */
export interface PathStep {
  readonly parent: PathStep | null
  /** A property name, an array index, or a ready-made name such as the root's. */
  readonly key: string | number
}

const identifier = /^[A-Za-z_$][\w$]*$/

/** Writes a path the way the author would: `result.users[3].onClick`. */
export function formatPath(step: PathStep): string {
  if (step.parent === null) return String(step.key)
  const parent = formatPath(step.parent)
  if (typeof step.key === "number") return `${parent}[${step.key}]`
  return identifier.test(step.key) ? `${parent}.${step.key}` : `${parent}[${JSON.stringify(step.key)}]`
}
