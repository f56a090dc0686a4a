import { useState, type ReactNode } from "react"
import { IconButton } from "./button.tsx"
import { ConfirmDialog } from "./confirm-dialog.tsx"
import { useAction } from "./mutation.ts"

/** A button that takes something away: what then is gone is told first, and it is done once that is confirmed. */
export function ConfirmedButton({
  label,
  denied = null,
  title,
  description,
  confirm,
  run,
  touches,
  done,
  children,
}: {
  readonly label: string
  /** Why it cannot be pressed. */
  readonly denied?: string | null
  readonly title: string
  /** What follows from it. */
  readonly description: string
  readonly confirm: string
  readonly run: () => Promise<unknown>
  /** What is out of date then. */
  readonly touches: readonly (readonly unknown[])[]
  /** What is told when it is done. */
  readonly done: string
  readonly children: ReactNode
}) {
  const [isAsking, setAsking] = useState(false)
  const action = useAction({ run, touches, done: () => done, onDone: () => setAsking(false) })
  return (
    <>
      <IconButton label={label} denied={denied} onClick={() => setAsking(true)}>
        {children}
      </IconButton>
      {isAsking && (
        <ConfirmDialog
          title={title}
          description={description}
          keep="Keep"
          confirm={confirm}
          isPending={action.isPending}
          onConfirm={() => action.mutate(undefined)}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  )
}
