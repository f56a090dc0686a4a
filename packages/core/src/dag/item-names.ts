import { describeValue } from "../stream/describe-value.ts"
import { isGap } from "../stream/gap.ts"
import { isThenable } from "../stream/abortable.ts"
import { itemKeyCharsMax, labelCharsMax } from "./option-defaults.ts"
import type { TaskNode } from "./task-node.ts"

/** An item's `key` gave what cannot name it. The same item gives the same key, so no retry can mend it. */
export class BadKey extends Error {
  override readonly name = "BadKey"
  readonly retryable = false
}

/** Keys or labels of a page's items, in their order; null at a gap, and where a label could not be had. */
export type ItemNames = readonly (string | null)[]

/** Gives the keys of a page's items, or null where the task has none. Throws a `BadKey` that names task, item and fix. */
export function itemKeys(node: TaskNode, items: readonly unknown[]): ItemNames | null {
  const key = node.mapping?.options.key
  if (key === undefined) return null
  return items.map((item, place) => {
    if (isGap(item)) return null
    const given = key(item)
    const problem = keyProblem(given)
    if (problem !== null) throw badKey(node.taskId, place, problem)
    return given as string
  })
}

/**
 * Gives the labels of a page's items, or null where the task has none.
 *
 * A label is for people: one that cannot be had is null and costs nothing else. `onTrouble` is told of the first of the page.
 */
export function itemLabels(
  node: TaskNode,
  items: readonly unknown[],
  onTrouble: (message: string) => void,
): ItemNames | null {
  const label = node.mapping?.options.label
  if (label === undefined) return null
  let hasTold = false
  const tell = (place: number, what: string) => {
    if (hasTold) return
    hasTold = true
    onTrouble(
      `label of task "${node.taskId}": ${what} for item ${place} of its page; it goes without a label`,
    )
  }
  return items.map((item, place) => {
    if (isGap(item)) return null
    try {
      const given = label(item)
      if (typeof given === "string") return given === "" ? null : labelText(given)
      tell(place, `gave ${what(given)} instead of text`)
    } catch (error) {
      tell(
        place,
        `threw ${error instanceof Error ? `${error.name}: ${error.message}` : describeValue(error)}`,
      )
    }
    return null
  })
}

/** Half a surrogate pair has no UTF-8, so two keys with one each would become the same text. */
function keyProblem(key: unknown): string | null {
  if (typeof key !== "string") return what(key)
  if (key === "") return "an empty text"
  if (key.includes("\0")) return `${describeValue(key)}, with NUL in it`
  if (!key.isWellFormed()) return `${describeValue(key)}, with half a surrogate pair in it`
  const chars = key.length <= itemKeyCharsMax ? key.length : Array.from(key).length
  return chars <= itemKeyCharsMax ? null : `a text of ${chars} characters (${describeValue(key)})`
}

function what(given: unknown): string {
  // A label or key that rejects as well is told of here, and must not end the process.
  if (!isThenable(given)) return describeValue(given)
  given.then(undefined, () => {})
  return "a promise"
}

function badKey(taskId: string, place: number, problem: string): BadKey {
  return new BadKey(
    `task "${taskId}": key gave ${problem} for item ${place} of its page; expected text of 1 to ${itemKeyCharsMax} characters. ` +
      `Fix: give each item a short text that names it, such as key: (item) => String(item.id), and hash what is longer`,
  )
}

function labelText(text: string): string {
  const clean = text.toWellFormed().replaceAll("\0", "\uFFFD")
  if (clean.length <= labelCharsMax) return clean
  const chars = Array.from(clean)
  return chars.length <= labelCharsMax ? clean : `${chars.slice(0, labelCharsMax - 1).join("")}…`
}
