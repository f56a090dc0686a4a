import type { Expansion } from "@sluice/api/wire"
import { useState } from "react"
import { api } from "../../api/client.ts"
import { mapPath, runKey, type TaskName } from "../../api/queries.ts"
import { DialogForm } from "../../components/dialog-form.tsx"
import { Dialog } from "../../components/dialog.tsx"
import { TextField } from "../../components/field.tsx"
import { useAction } from "../../components/mutation.ts"

const minSampleDefault = 100

/** Sets the bounds of a map that runs. It takes effect at once. */
export function ResizeDialog({
  name,
  expansion,
  onClose,
}: {
  readonly name: TaskName
  readonly expansion: Expansion
  readonly onClose: () => void
}) {
  const { tolerated_failures: tolerance } = expansion
  const textOf = (n: number | null | undefined) => (n == null ? "" : String(n))
  const [window, setWindow] = useState(textOf(expansion.window))
  const [pageSize, setPageSize] = useState(textOf(expansion.page_size))
  const [concurrency, setConcurrency] = useState(textOf(expansion.concurrency))
  const [failures, setFailures] = useState(textOf(tolerance?.count))
  const percent = textOf(tolerance?.ratio == null ? null : tolerance.ratio * 100)
  const [ratio, setRatio] = useState(percent)
  const isMapped = expansion.kind === "mapped"
  const change = {
    ...(window !== textOf(expansion.window) && { window: Number(window) }),
    ...(pageSize !== textOf(expansion.page_size) && { page_size: Number(pageSize) }),
    ...(concurrency !== textOf(expansion.concurrency) && {
      concurrency: concurrency === "" ? null : Number(concurrency),
    }),
    ...((failures !== textOf(tolerance?.count) || ratio !== percent) && {
      tolerated_failures:
        failures === "" && ratio === ""
          ? null
          : {
              count: failures === "" ? null : Number(failures),
              ratio: ratio === "" ? null : Number(ratio) / 100,
              min_sample: tolerance?.min_sample ?? minSampleDefault,
            },
    }),
  }
  const set = useAction({
    isQuiet: true,
    run: () => api<Expansion>(mapPath(name), { method: "PATCH", body: change }),
    touches: [[...runKey(name), "expansions"]],
    done: () => `${name.taskId} has new limits.`,
    onDone: onClose,
  })
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Limits of ${name.taskId}`}
      description="They hold for this run, from now on."
    >
      <DialogForm
        submit="Set limits"
        isBlocked={set.isPending || Object.keys(change).length === 0}
        error={set.error}
        onSubmit={() => set.mutate(undefined)}
        onClose={onClose}
      >
        <div className="grid gap-3.5 sm:grid-cols-2">
          {isMapped && (
            <TextField
              label="Window"
              hint="The most indexes that exist and have not ended."
              inputMode="numeric"
              value={window}
              onChange={setWindow}
            />
          )}
          <TextField
            label="Page size"
            hint="The most items that are read at once."
            inputMode="numeric"
            value={pageSize}
            onChange={setPageSize}
          />
          {isMapped && (
            <>
              <TextField
                label="Concurrency"
                hint="The most that run at once; empty: as workers have slots."
                inputMode="numeric"
                value={concurrency}
                onChange={setConcurrency}
              />
              <TextField
                label="Failures tolerated"
                hint="One more stops the map; empty: any number."
                inputMode="numeric"
                value={failures}
                onChange={setFailures}
              />
              <TextField
                label="Share tolerated, %"
                hint={`Judged from ${tolerance?.min_sample ?? minSampleDefault} ended instances on.`}
                inputMode="decimal"
                value={ratio}
                onChange={setRatio}
              />
            </>
          )}
        </div>
      </DialogForm>
    </Dialog>
  )
}
