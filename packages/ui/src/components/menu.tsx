import { DropdownMenu } from "radix-ui"
import type { ReactNode } from "react"

/** A menu that opens from its trigger. */
export function Menu({ trigger, children }: { readonly trigger: ReactNode; readonly children: ReactNode }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={6}
          collisionPadding={8}
          className="z-40 min-w-48 rounded-lg border border-line bg-raised p-1 shadow-(--shadow)"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

/** Something to do. */
export function MenuItem({
  onSelect,
  children,
  isDanger = false,
  isDisabled = false,
}: {
  readonly onSelect: () => void
  readonly children: ReactNode
  readonly isDanger?: boolean
  readonly isDisabled?: boolean
}) {
  return (
    <DropdownMenu.Item
      disabled={isDisabled}
      onSelect={onSelect}
      className={`flex cursor-pointer items-center gap-2 rounded-md px-2.5 py-1.5 outline-none data-disabled:cursor-default data-disabled:opacity-60 data-highlighted:bg-sunken ${isDanger ? "text-danger" : ""}`}
    >
      {children}
    </DropdownMenu.Item>
  )
}

/** Words in a menu that are nothing to press. */
export function MenuNote({ children }: { readonly children: ReactNode }) {
  return <div className="px-2.5 py-1.5 text-xs text-muted">{children}</div>
}
