import { widthOf } from "../output.ts"

/** A column of a table. */
export interface Column<Row> {
  readonly title: string
  readonly align?: "left" | "right"
  /** So that the table does not jump while numbers grow. */
  readonly widthMin?: number
  readonly cell: (row: Row) => string
}

/** Lays rows out in columns, two spaces apart; the first line is the titles. */
export function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ]
  const widths = columns.map(({ widthMin = 0 }, place) =>
    Math.max(widthMin, ...cells.map((line) => widthOf(line[place] ?? ""))),
  )
  return cells.map((line) =>
    line
      .map((text, place) => pad(text, widths[place] ?? 0, columns[place]?.align ?? "left"))
      .join("  ")
      .trimEnd(),
  )
}

/** Lays one line out in columns of fixed widths, for lists whose rows are not all known yet. */
export function rowOf(widths: readonly number[]): (cells: readonly string[]) => string {
  return (cells) =>
    cells
      .map((cell, place) => pad(cell, widths[place] ?? 0))
      .join("  ")
      .trimEnd()
}

/** Fills a text up with spaces. */
export function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const spaces = " ".repeat(Math.max(0, width - widthOf(text)))
  return align === "left" ? text + spaces : spaces + text
}
