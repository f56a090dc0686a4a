/** The results of a map as they come, line by line. */

/** A line of the stream. */
export interface ResultLine {
  readonly type: "result" | "gap" | "waiting" | "end"
  readonly cursor: string
  readonly map_index?: number
  readonly value?: unknown
  readonly reason?: string
}

/** Reads the lines of an NDJSON answer, a slice for each piece that comes. */
export async function* linesOf<A>(body: ReadableStream<Uint8Array>): AsyncGenerator<readonly A[]> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader()
  let rest = ""
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const lines = (rest + value).split("\n")
      rest = lines.pop() ?? ""
      const parsed = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as A)
      if (parsed.length > 0) yield parsed
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

/** The columns that a table of values has: the names that its objects share most, in the order of the first. */
export function columnsOf(values: readonly unknown[], max = 8): readonly string[] {
  const names = new Set<string>()
  for (const value of values) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return []
    for (const name of Object.keys(value)) names.add(name)
    if (names.size >= max) break
  }
  return [...names].slice(0, max)
}
