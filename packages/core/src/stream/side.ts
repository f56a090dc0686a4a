import type { Cursor } from "./page.ts"

/** How far one input of an operator is read: open at a cursor (which may itself be null), or exhausted. */
export type Side = readonly [Cursor] | null

/** Gives the side that follows a page. */
export function sideAfter(next: Cursor | null): Side {
  return next === null ? null : [next]
}

/** Says whether a part of a cursor is a side. */
export function isSide(value: unknown): value is Side {
  return value === null || (Array.isArray(value) && value.length === 1)
}
