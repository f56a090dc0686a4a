import { Pencil, Trash2 } from "lucide-react"
import { type ComponentProps, type ReactNode, useEffect, useRef, useState } from "react"
import { Button, IconButton } from "./button.tsx"
import { ConfirmedButton } from "./confirmed-button.tsx"

/** Rows below the names of their columns; it scrolls sideways where it is too wide. */
export function Table({ head, children }: { readonly head: ReactNode; readonly children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null)
  const [isTooWide, setTooWide] = useState(false)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const observer = new ResizeObserver(() => setTooWide(element.scrollWidth > element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return (
    <div
      ref={place}
      className="relative overflow-x-auto"
      // What is scrolled is scrolled by the keyboard too.
      {...(isTooWide && { tabIndex: 0, role: "region", "aria-label": "Table that scrolls sideways" })}
    >
      <table className="grid-table">
        <thead>
          <tr>{head}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

/** The name of a column of buttons: only readers of the screen are told it. */
export function ActionsHead() {
  return (
    <th>
      <span className="sr-only">Actions</span>
    </th>
  )
}

/** The buttons of a row that can be changed and deleted. */
export function RowActions({
  name,
  denied,
  onChange,
  children,
}: {
  readonly name: string
  /** Why it cannot be changed. */
  readonly denied: string | null
  readonly onChange: () => void
  /** What deletes it. */
  readonly children: ReactNode
}) {
  return (
    <div className="flex justify-end gap-1">
      <IconButton label={`Change ${name}`} denied={denied} onClick={onChange}>
        <Pencil size={14} aria-hidden />
      </IconButton>
      {children}
    </div>
  )
}

/** The button of a row that deletes what it shows, once that is confirmed. */
export function DeleteButton({
  name,
  label = `Delete ${name}`,
  title = `${label}?`,
  confirm = "Delete",
  ...rest
}: Omit<ComponentProps<typeof ConfirmedButton>, "label" | "title" | "confirm" | "children"> & {
  readonly name: string
  readonly label?: string
  readonly title?: string
  readonly confirm?: string
}) {
  return (
    <ConfirmedButton label={label} title={title} confirm={confirm} {...rest}>
      <Trash2 size={14} aria-hidden />
    </ConfirmedButton>
  )
}

/** The way to the next page of a list, while there is one. */
export function More({
  list,
  children = "More",
}: {
  readonly list: {
    readonly hasNextPage: boolean
    readonly isFetchingNextPage: boolean
    readonly fetchNextPage: () => unknown
  }
  readonly children?: ReactNode
}) {
  if (!list.hasNextPage) return null
  return (
    <div className="border-t border-line p-2 text-center">
      <Button onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>
        {children}
      </Button>
    </div>
  )
}
