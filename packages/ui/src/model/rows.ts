/**
 * Rows of one height, of which only those in sight are drawn, however many there are.
 *
 * A list taller than a browser can lay out is scrolled over faster: its bar moves over all of it. Where the list is, is
 * therefore kept as an offset into the list (`offset`), and not as that of the bar, which means another row as soon as
 * the list grows.
 */

/** The tallest a list is made: browsers stop laying out a little above it. */
export const scrollHeightMax = 15_000_000

/** A list of rows, and how much of it is in sight. */
export interface Rows {
  readonly count: number
  readonly rowHeight: number
  readonly viewHeight: number
}

/** What of it is drawn. */
export interface RowsShown {
  readonly first: number
  /** One past the last. */
  readonly end: number
}

/** How many rows beyond the view are drawn on both sides. */
const beyond = 6

/** How high the scrolled content is. */
export function contentHeight({ count, rowHeight }: Rows): number {
  return Math.min(count * rowHeight, scrollHeightMax)
}

/** Says which rows are drawn at an offset. */
export function rowsShown({ count, rowHeight, viewHeight }: Rows, offset: number): RowsShown {
  return {
    first: Math.max(0, Math.floor(offset / rowHeight) - beyond),
    end: Math.min(count, Math.ceil((offset + viewHeight) / rowHeight) + beyond),
  }
}

/** The offset at which a row is in the middle of the view. */
export function offsetOf(index: number, rows: Rows): number {
  const { rowHeight, viewHeight } = rows
  return within(index * rowHeight - (viewHeight - rowHeight) / 2, rows)
}

/** Where the bar stands at an offset. */
export function barOf(offset: number, rows: Rows): number {
  const { content, full } = travels(rows)
  return full <= 0 ? 0 : (within(offset, rows) / full) * content
}

/** The offset at which the bar stands somewhere. */
export function offsetAt(bar: number, rows: Rows): number {
  const { content, full } = travels(rows)
  return content <= 0 ? 0 : within((bar / content) * full, rows)
}

/** How far the bar can go, and how far the list. */
function travels(rows: Rows): { readonly content: number; readonly full: number } {
  return {
    content: contentHeight(rows) - rows.viewHeight,
    full: rows.count * rows.rowHeight - rows.viewHeight,
  }
}

function within(offset: number, rows: Rows): number {
  return Math.max(0, Math.min(travels(rows).full, offset))
}
