import type { ReactNode } from "react"
import { Button } from "./button.tsx"

/** A form in a dialog: its fields, what went wrong, and the buttons. */
export function DialogForm({
  submit,
  close = "Close",
  isBlocked,
  error = null,
  onSubmit,
  onClose,
  children,
}: {
  /** The words of the button that does it. */
  readonly submit: string
  readonly close?: string
  /** It cannot be sent now. */
  readonly isBlocked: boolean
  /** Why it was not done; left out where a field tells it. */
  readonly error?: Error | null
  readonly onSubmit: () => void
  readonly onClose: () => void
  readonly children: ReactNode
}) {
  return (
    <form
      className="flex flex-col gap-3.5"
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      {children}
      {error !== null && (
        <p role="alert" className="m-0 font-medium text-danger">
          {error.message}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{close}</Button>
        <Button type="submit" look="primary" disabled={isBlocked}>
          {submit}
        </Button>
      </div>
    </form>
  )
}
