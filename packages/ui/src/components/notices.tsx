import { Toast } from "radix-ui"
import { X } from "lucide-react"
import { type ReactNode, useSyncExternalStore } from "react"

interface Notice {
  readonly id: number
  readonly text: ReactNode
  readonly isProblem: boolean
}

let notices: readonly Notice[] = []
let nextId = 1
const listeners = new Set<() => void>()

function change(next: readonly Notice[]): void {
  notices = next
  for (const listener of listeners) listener()
}

/** Says something for a moment: what was done, or why it was not. */
export function notify(text: ReactNode, isProblem = false): void {
  change([...notices.slice(-2), { id: nextId++, text, isProblem }])
}

/** Says why something was not done. */
export function notifyProblem(error: Error): void {
  notify(error.message, true)
}

/** Where notices come up. */
export function Notices() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => notices,
  )
  return (
    <Toast.Provider swipeDirection="right" duration={5_000}>
      {shown.map(({ id, text, isProblem }) => (
        <Toast.Root
          key={id}
          type={isProblem ? "foreground" : "background"}
          duration={isProblem ? 12_000 : 5_000}
          onOpenChange={(open) => {
            if (!open) change(notices.filter((notice) => notice.id !== id))
          }}
          className={`flex items-start gap-3 rounded-lg border bg-raised px-4 py-3 shadow-(--shadow) ${isProblem ? "border-danger" : "border-line"}`}
        >
          <Toast.Description className="min-w-0 flex-1 break-words">{text}</Toast.Description>
          <Toast.Close aria-label="Dismiss" className="text-muted hover:text-ink">
            <X size={14} aria-hidden />
          </Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport className="fixed right-4 bottom-4 z-50 m-0 flex w-96 max-w-[calc(100vw-32px)] list-none flex-col gap-2 p-0" />
    </Toast.Provider>
  )
}
