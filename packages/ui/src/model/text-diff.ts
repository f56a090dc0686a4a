/** What differs between two texts, line by line, with what stands around it. */
import { structuredPatch } from "diff"

/** A line of either text, or of both; its number in each that has it. */
export interface DiffLine {
  readonly kind: "same" | "gone" | "new"
  readonly text: string
  readonly before: number | null
  readonly after: number | null
}

/** Lines that stand together: what differs, and some lines around it. */
export type DiffHunk = readonly DiffLine[]

/** The most lines that may have come and gone, and the longest that is looked for them. */
const editsMax = 5_000
const lookedForMs = 1_000

/** How many lines are shown around what differs. */
const contextLines = 3

/** Says how one text becomes another; null: they differ in more than is looked for. */
export function diffTexts(before: string, after: string): readonly DiffHunk[] | null {
  const bounds = { context: contextLines, maxEditLength: editsMax, timeout: lookedForMs }
  const patch = structuredPatch("", "", before, after, "", "", bounds)
  if (patch === undefined) return null
  return patch.hunks.map(({ lines, oldStart, newStart }) => {
    let [old, now] = [oldStart, newStart]
    return lines.flatMap((line): readonly DiffLine[] => {
      const text = line.slice(1)
      if (line.startsWith("-")) return [{ kind: "gone", text, before: old++, after: null }]
      if (line.startsWith("+")) return [{ kind: "new", text, before: null, after: now++ }]
      // What is neither is a line of both, or the note that a text ends without a line break.
      return line.startsWith(" ") ? [{ kind: "same", text, before: old++, after: now++ }] : []
    })
  })
}
