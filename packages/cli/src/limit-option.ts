import { UsageProblem } from "./problem.ts"

/** No limit. A word, since an option that is parsed to null counts as not given. */
export type None = "none"

/** The largest limit: an `integer` of Postgres. */
export const limitMax = 2_147_483_647

/** Reads a limit between two numbers, both included, or a word that stands for one. */
export function limit<const Word extends string>(
  flag: string,
  word: Word,
  { min = 1, max = limitMax }: { readonly min?: number; readonly max?: number } = {},
): (text: string) => number | Word {
  return (text) => {
    if (text === word) return word
    if (/^\d+$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text)
    throw new UsageProblem(`${flag}: "${text}" came`, {
      expected: `a whole number from ${min} to ${max}, or ${word}`,
    })
  }
}

/** What an option stands for, as the store takes it: a word is null. */
export function orNull<A>(value: A | string): A | null {
  return typeof value === "string" ? null : value
}
