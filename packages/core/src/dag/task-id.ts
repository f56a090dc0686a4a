import { describeValue } from "../stream/describe-value.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { idLengthMax } from "./option-defaults.ts"

// Not dots alone, which URLs and paths resolve away, nor the one name that is no plain key of a JavaScript object.
const idPattern = /^(?!\.+$|__proto__$)[\p{L}\p{N}_.-]+$/u

/** Whether a value can be an id in URLs, file names and logs. */
export function isId(id: unknown): id is string {
  return typeof id === "string" && id.length <= idLengthMax && idPattern.test(id)
}

/** Refuses what cannot be an id in URLs, file names and logs; `call` is the function that takes it. */
export function requireId(id: unknown, call: string): asserts id is string {
  if (isId(id)) return
  throw new DagDefinitionError({
    problem: `the id given to ${call} is ${describeValue(id)}`,
    expected: `1 to ${idLengthMax} letters, digits, "_", "-" or "."`,
    fix: "rename it",
  })
}
