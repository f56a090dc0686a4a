import {
  type ReactNode,
  type Ref,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react"
import { barOf, contentHeight, offsetAt, offsetOf, type Rows, rowsShown } from "../model/rows.ts"

/** What a list can be told. */
export interface RowsHandle {
  /** Brings a row to the middle of the view. */
  readonly show: (index: number) => void
}

/** Browsers round where a bar stands: what differs by less was not moved by anybody. */
const rounding = 1

/** A list of rows of one height: only those in sight are in the document. */
export function FixedRows({
  count,
  rowHeight,
  height,
  label,
  render,
  onRange,
  ref,
}: {
  readonly count: number
  readonly rowHeight: number
  readonly height: number | string
  readonly label: string
  readonly render: (index: number) => ReactNode
  /** Told which rows are drawn, when that changes. */
  readonly onRange?: (first: number, end: number) => void
  readonly ref?: Ref<RowsHandle>
}) {
  const place = useRef<HTMLDivElement>(null)
  const [viewHeight, setViewHeight] = useState(600)
  const rows: Rows = { count, rowHeight, viewHeight }
  const [offset, setOffset] = useState(0)
  const bar = barOf(offset, rows)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const observer = new ResizeObserver(() => setViewHeight(element.clientHeight))
    observer.observe(element)
    setViewHeight(element.clientHeight)
    return () => observer.disconnect()
  }, [])
  // The bar follows: when a row is to be shown, and when the list grows under what is in sight.
  useLayoutEffect(() => {
    const element = place.current
    if (element !== null && Math.abs(element.scrollTop - bar) >= rounding) element.scrollTop = bar
  }, [bar])
  useImperativeHandle(ref, () => ({
    show: (index) => {
      const seen = place.current?.clientHeight ?? viewHeight
      setOffset(offsetOf(index, { count, rowHeight, viewHeight: seen }))
    },
  }))
  const { first, end } = rowsShown(rows, offset)
  useEffect(() => onRange?.(first, end), [first, end, onRange])
  return (
    <div
      ref={place}
      role="list"
      aria-label={label}
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop } }) => {
        if (Math.abs(scrollTop - bar) >= rounding) setOffset(offsetAt(scrollTop, rows))
      }}
      className="relative overflow-y-auto"
      style={{ height, overflowAnchor: "none" }}
    >
      <div style={{ height: contentHeight(rows), position: "relative" }}>
        {Array.from({ length: Math.max(0, end - first) }, (_, at) => first + at).map((index) => (
          <div
            key={index}
            role="listitem"
            data-row
            className="absolute inset-x-0"
            style={{ top: index * rowHeight - offset + bar, height: rowHeight }}
          >
            {render(index)}
          </div>
        ))}
      </div>
    </div>
  )
}
