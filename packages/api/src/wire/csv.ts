/** The media type of comma-separated values. */
export const csv = "text/csv"

/** A line that has some of the columns. */
export type CsvRow = Readonly<Record<string, unknown>>

/** Writes lines as CSV (RFC 4180) as they come, under a head of the columns. A value that is no text is JSON. */
export async function* csvText(
  columns: readonly string[],
  lines: AsyncGenerator<readonly CsvRow[]>,
): AsyncGenerator<string> {
  yield `${columns.join(",")}\r\n`
  for await (const some of lines)
    yield some.map((row) => `${columns.map((column) => cellOf(row[column])).join(",")}\r\n`).join("")
}

function cellOf(value: unknown): string {
  if (value === undefined) return ""
  const text = typeof value === "string" ? value : JSON.stringify(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
