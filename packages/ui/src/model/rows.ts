/** Rows of one height, of which only those in sight are drawn, however many there are. */

/** The tallest a list is made: browsers stop laying out a little above it. */
export const scrollHeightMax = 15_000_000

/** Where a list of rows is. */
export interface RowsAt {
  readonly count: number
  readonly rowHeight: number
  readonly viewHeight: number
  readonly scrollTop: number
}

/** What of it is drawn. */
export interface RowsShown {
  /** How high the scrolled content is. */
  readonly height: number
  readonly first: number
  /** One past the last. */
  readonly end: number
  /** Where a row stands in the content. */
  readonly topOf: (index: number) => number
}

/** How many rows beyond the view are drawn on both sides. */
const beyond = 6

/** Says which rows are drawn. A list taller than may be is scrolled over faster: its bar moves over all of it. */
export function rowsShown({ count, rowHeight, viewHeight, scrollTop }: RowsAt): RowsShown {
  const full = count * rowHeight
  const height = Math.min(full, scrollHeightMax)
  const real = toReal(scrollTop, { full, height, viewHeight })
  const shift = scrollTop - real
  const first = Math.max(0, Math.floor(real / rowHeight) - beyond)
  const end = Math.min(count, Math.ceil((real + viewHeight) / rowHeight) + beyond)
  return { height, first, end, topOf: (index) => index * rowHeight + shift }
}

/** Where to scroll so that a row comes to the middle of the view. */
export function scrollTopFor(
  index: number,
  { count, rowHeight, viewHeight }: Omit<RowsAt, "scrollTop">,
): number {
  const full = count * rowHeight
  const height = Math.min(full, scrollHeightMax)
  const real = Math.max(0, Math.min(full - viewHeight, index * rowHeight - (viewHeight - rowHeight) / 2))
  if (full <= height || full <= viewHeight) return real
  return (real / (full - viewHeight)) * (height - viewHeight)
}

function toReal(
  scrollTop: number,
  { full, height, viewHeight }: { full: number; height: number; viewHeight: number },
): number {
  if (full <= height || height <= viewHeight) return scrollTop
  return (scrollTop / (height - viewHeight)) * (full - viewHeight)
}
