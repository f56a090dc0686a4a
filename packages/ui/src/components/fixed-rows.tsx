import { type ReactNode, useEffect, useImperativeHandle, useRef, useState } from "react"
import type { Ref } from "react"
import { rowsShown, scrollTopFor } from "../model/rows.ts"

/** What a list can be told. */
export interface RowsHandle {
  /** Brings a row to the middle of the view. */
  readonly show: (index: number) => void
}

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
  const [scrollTop, setScrollTop] = useState(0)
  const [viewHeight, setViewHeight] = useState(600)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const observer = new ResizeObserver(() => setViewHeight(element.clientHeight))
    observer.observe(element)
    setViewHeight(element.clientHeight)
    return () => observer.disconnect()
  }, [])
  useImperativeHandle(
    ref,
    () => ({
      show: (index) => {
        const element = place.current
        if (element === null) return
        const top = scrollTopFor(index, { count, rowHeight, viewHeight: element.clientHeight })
        element.scrollTop = top
        setScrollTop(element.scrollTop)
      },
    }),
    [count, rowHeight],
  )
  const shown = rowsShown({ count, rowHeight, viewHeight, scrollTop })
  const { first, end } = shown
  useEffect(() => onRange?.(first, end), [first, end, onRange])
  return (
    <div
      ref={place}
      role="list"
      aria-label={label}
      tabIndex={0}
      onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
      className="relative overflow-y-auto"
      style={{ height, overflowAnchor: "none" }}
    >
      <div style={{ height: shown.height, position: "relative" }}>
        {Array.from({ length: Math.max(0, end - first) }, (_, at) => first + at).map((index) => (
          <div
            key={index}
            role="listitem"
            data-row
            className="absolute inset-x-0"
            style={{ top: shown.topOf(index), height: rowHeight }}
          >
            {render(index)}
          </div>
        ))}
      </div>
    </div>
  )
}
