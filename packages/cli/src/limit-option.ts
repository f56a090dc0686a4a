import { UsageProblem } from "./problem.ts"

/** No limit. A word, since an option that is parsed to null counts as not given. */
export type None = "none"

/** The largest limit: an `integer` of Postgres. */
const limitMax = 2_147_483_647

/** Reads a limit from 1 on, or one of some words. */
export function limit<const Word extends string>(
  flag: string,
  words: readonly Word[],
): (text: string) => number | Word {
  return (text) => {
    const word = words.find((one) => one === text)
    if (word !== undefined) return word
    if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= limitMax) return Number(text)
    throw new UsageProblem(`${flag}: "${text}" came`, {
      expected: `a whole number from 1 to ${limitMax}, or ${words.join(" or ")}`,
    })
  }
}

/** A limit as the store takes it: a word is null. */
export function orNull(value: number | string): number | null {
  return typeof value === "number" ? value : null
}
