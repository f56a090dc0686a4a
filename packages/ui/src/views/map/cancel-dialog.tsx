import type { Expansion } from "@sluice/api/wire"
import { api } from "../../api/client.ts"
import { mapPath, runKey, type TaskName } from "../../api/queries.ts"
import { ConfirmDialog } from "../../components/confirm-dialog.tsx"
import { useAction } from "../../components/mutation.ts"
import { count } from "../../model/format.ts"
import { endedOf } from "../../model/history.ts"

/** Cancels one map of a run that goes on. */
export function CancelMapDialog({
  name,
  expansion,
  onClose,
}: {
  readonly name: TaskName
  readonly expansion: Expansion
  readonly onClose: () => void
}) {
  const cancel = useAction({
    run: () => api<Expansion>(`${mapPath(name)}/cancel`, { method: "POST" }),
    touches: [runKey(name)],
    done: () => `${name.taskId} is cancelled.`,
    onDone: onClose,
  })
  const left = expansion.discovered - endedOf(expansion)
  return (
    <ConfirmDialog
      title={`Cancel ${name.taskId}?`}
      description={`Its source is closed${expansion.exhausted ? "" : ", whatever was still to come"}. ${count(left)} instances have not ended and will not run. The run goes on with its other tasks.`}
      confirm="Cancel the map"
      isPending={cancel.isPending}
      onConfirm={() => cancel.mutate(undefined)}
      onClose={onClose}
    />
  )
}
