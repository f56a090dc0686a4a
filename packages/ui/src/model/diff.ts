/** What differs between two texts, line by line. */

/** A line of either text, or of both. */
export interface DiffLine {
  readonly kind: "same" | "gone" | "new"
  readonly text: string
}

/** The most pairs of lines that are compared; past that, what differs is told as a block. */
const pairsMax = 4_000_000

/** Says how one text becomes another, with the longest common part kept. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [a, b] = [before.split("\n"), after.split("\n")]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end])
    end += 1
  const same = (lines: readonly string[]) => lines.map((text): DiffLine => ({ kind: "same", text }))
  return [
    ...same(a.slice(0, start)),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...same(a.slice(a.length - end)),
  ]
}

function middle(a: readonly string[], b: readonly string[]): readonly DiffLine[] {
  const gone = (text: string): DiffLine => ({ kind: "gone", text })
  const fresh = (text: string): DiffLine => ({ kind: "new", text })
  if (a.length * b.length > pairsMax) return [...a.map(gone), ...b.map(fresh)]
  const width = b.length + 1
  // How long the common part of what is left is, from each pair of places on.
  const common = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] =
        a[i] === b[j]
          ? (common[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0)
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]]
    if (left !== undefined && left === right) {
      lines.push({ kind: "same", text: left })
      i += 1
      j += 1
    } else if (
      right !== undefined &&
      (left === undefined || (common[i * width + j + 1] ?? 0) > (common[(i + 1) * width + j] ?? 0))
    ) {
      lines.push(fresh(right))
      j += 1
    } else if (left !== undefined) {
      lines.push(gone(left))
      i += 1
    }
  }
  return lines
}

/** Keeps what differs, with some lines around it; null stands for what is left out. */
export function around(lines: readonly DiffLine[], context = 3): readonly (DiffLine | null)[] {
  const kept = lines.map((_, at) =>
    lines.slice(Math.max(0, at - context), at + context + 1).some(({ kind }) => kind !== "same"),
  )
  return lines.flatMap((line, at) => {
    if (kept[at] === true) return [line]
    return at === 0 || kept[at - 1] === true ? [null] : []
  })
}
