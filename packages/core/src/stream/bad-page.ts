import { describeValue } from "./describe-value.ts"
import { jsonProblem } from "./json-value.ts"
import { isPage } from "./page.ts"
import type { Page } from "./page.ts"

/** A source gave something that is not a page, or a page that could not be gone on from. No retry can mend it. */
export class BadPage extends Error {
  override readonly name = "BadPage"
  readonly retryable = false
}

/** Gives what a generator yielded as a page, or throws a `BadPage` that names the source and the fix. */
export function requirePage(value: unknown, source: string): Page<unknown> {
  if (isPage(value)) return requireParts(value, source)
  throw new BadPage(
    `${source} yielded ${describeValue(value)} where a page was expected, because what it yielded first was a page: ` +
      `yield page(items, next) each time.`,
  )
}

/** Gives what an unfold returned as a page: like `requirePage`, for objects that `page()` need not have made. */
export function requireParts(value: unknown, source: string): Page<unknown> {
  if (typeof value !== "object" || value === null) {
    throw new BadPage(`${source} gave ${describeValue(value)} where { items, next } was expected.`)
  }
  const items: unknown = Reflect.get(value, "items")
  const next: unknown = Reflect.get(value, "next")
  const resume: unknown = Reflect.get(value, "resume")
  requireItems(items, source)
  requireCursor("next", next, source)
  const page = { items: items as readonly unknown[], next }
  if (resume === undefined) return page
  if (next !== null) {
    throw new BadPage(
      `${source} gave a page with both a next cursor and resume: resume says where to go on after the last page, so give it with next null.`,
    )
  }
  requireCursor("resume", resume, source)
  return { ...page, end: { resume } }
}

function requireItems(items: unknown, source: string): void {
  if (!Array.isArray(items)) {
    throw new BadPage(
      `${source} gave a page whose items are ${describeValue(items)}: they must be an array (empty when there is nothing).`,
    )
  }
  for (let index = 0; index < items.length; index++) {
    if (items[index] === undefined && !(index in items)) {
      throw new BadPage(
        `${source} gave a page with a hole in its items, at index ${index}: fill it or leave it out.`,
      )
    }
  }
}

function requireCursor(
  name: "next" | "resume",
  cursor: unknown,
  source: string,
): asserts cursor is Page<unknown>["next"] {
  if (cursor === undefined) {
    throw new BadPage(
      `${source} gave a page whose next cursor is undefined: give null when there is no more, as in page(items, link ?? null).`,
    )
  }
  const problem = jsonProblem(cursor, name)
  if (problem === null) return
  throw new BadPage(
    `${source} gave a page whose ${name} cursor does not survive JSON (${problem}): ` +
      `use null, booleans, finite numbers, strings, and arrays or plain objects of these.`,
  )
}
