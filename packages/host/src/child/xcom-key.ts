import { xcomKeyCharsMax } from "./bounds.ts"

/** A key under which no XCom can be kept. The message says what is wrong with it, and what to do. */
export class InvalidXComKey extends Error {
  override readonly name = "InvalidXComKey"
  /** The same code makes the same key: another try cannot mend it. */
  readonly retryable = false
}

/** Refuses a key that the database would refuse, where it is pushed. User code may pass anything, whatever the types say. */
export function checkXComKey(key: unknown): void {
  const problem = problemOf(key)
  if (problem === null) return
  throw new InvalidXComKey(
    `xcom.push: expected a key of 1 to ${xcomKeyCharsMax} characters without NUL, and it is ${problem}. ` +
      `Fix: push under a short name, such as "row_count", and put the rest into the value`,
  )
}

function problemOf(key: unknown): string | null {
  if (typeof key !== "string") return key === null ? "null" : `of type ${typeof key}`
  if (key === "") return "empty"
  if (key.includes("\0")) return `${JSON.stringify(key.slice(0, shownMax))}, with NUL at ${key.indexOf("\0")}`
  const chars = key.length <= xcomKeyCharsMax ? key.length : Array.from(key).length
  return chars <= xcomKeyCharsMax ? null : `${chars} characters long: "${key.slice(0, shownMax)}…"`
}

/** Characters shown of a key that is refused. */
const shownMax = 40
