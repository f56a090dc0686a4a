import { z } from "@hono/zod-openapi"

/** An instant as a client reads it: RFC 3339 in UTC. */
export const instant = z.string().openapi({ format: "date-time" })

/** A date as clients read it, or null. */
export function instantOf(date: Date): string
export function instantOf(date: Date | null): string | null
export function instantOf(date: Date | null): string | null {
  return date === null ? null : date.toISOString()
}

/** Seconds from one date to another; null while one of them is not known. */
export function secondsBetween(from: Date | null, to: Date | null): number | null {
  return from === null || to === null ? null : (to.getTime() - from.getTime()) / 1000
}
