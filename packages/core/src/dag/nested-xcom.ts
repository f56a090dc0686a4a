import { LazyXCom } from "../stream/lazy-xcom.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { XCom } from "./xcom.ts"

/** How deep constants are searched. Deeper than any slip of the pen, and cheap. */
const depthMax = 4

/** How many entries of one array or object are looked at. */
const entriesMax = 100

/** Refuses an XCom inside an array or an object: only a whole field is replaced by its value at run time. */
export function refuseNestedXComs(
  value: unknown,
  path: string,
  place: { readonly dagId: string; readonly taskId: string },
): void {
  const found = findXCom(value, path, 0)
  if (found === null) return
  throw new DagDefinitionError({
    ...place,
    problem: `an XCom stands inside a value, at ${found}`,
    expected: "an XCom to be a whole field of the input",
    fix: "give it a field of its own",
  })
}

function findXCom(value: unknown, path: string, depth: number): string | null {
  if (depth > depthMax || typeof value !== "object" || value === null) return null
  if (depth > 0 && (XCom.nodeOf(value) !== undefined || value instanceof LazyXCom)) return path
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return null
  for (const [key, inner] of Object.entries(value).slice(0, entriesMax)) {
    const found = findXCom(inner, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, depth + 1)
    if (found !== null) return found
  }
  return null
}
