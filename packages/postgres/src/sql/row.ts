/** A postgres.js tag; bigint comes as text. */
export type { Sql } from "../client.ts"

/** Reads a bigint that stays below 2^53: counters and map indexes. */
export function toNumber(value: string | number): number {
  return typeof value === "number" ? value : Number(value)
}
