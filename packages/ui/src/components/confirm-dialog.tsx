import { Button } from "./button.tsx"
import { Dialog } from "./dialog.tsx"

/** Asks before something is ended or taken away. */
export function ConfirmDialog({
  title,
  description,
  keep = "Keep it",
  confirm,
  isPending,
  onConfirm,
  onClose,
}: {
  readonly title: string
  readonly description: string
  readonly keep?: string
  readonly confirm: string
  readonly isPending: boolean
  readonly onConfirm: () => void
  readonly onClose: () => void
}) {
  return (
    <Dialog isOpen onClose={onClose} title={title} description={description}>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{keep}</Button>
        <Button look="danger" disabled={isPending} onClick={onConfirm}>
          {confirm}
        </Button>
      </div>
    </Dialog>
  )
}
