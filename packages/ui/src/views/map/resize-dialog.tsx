import type { Expansion } from "@sluice/api/wire"
import { type FormEvent, useState } from "react"
import { api } from "../../api/client.ts"
import { mapPath, runKey, type TaskName } from "../../api/queries.ts"
import { Button } from "../../components/button.tsx"
import { Dialog } from "../../components/dialog.tsx"
import { Field, Input } from "../../components/field.tsx"
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
  const [ratio, setRatio] = useState(tolerance?.ratio == null ? "" : String(tolerance.ratio * 100))
  const isMapped = expansion.kind === "mapped"
  const change = {
    ...(window !== textOf(expansion.window) && { window: Number(window) }),
    ...(pageSize !== textOf(expansion.page_size) && { page_size: Number(pageSize) }),
    ...(concurrency !== textOf(expansion.concurrency) && {
      concurrency: concurrency === "" ? null : Number(concurrency),
    }),
    ...((failures !== textOf(tolerance?.count) ||
      ratio !== (tolerance?.ratio == null ? "" : String(tolerance.ratio * 100))) && {
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
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    set.mutate(undefined)
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Limits of ${name.taskId}`}
      description="They hold for this run, from now on."
    >
      <form onSubmit={onSubmit} className="flex flex-col gap-3.5">
        <div className="grid gap-3.5 sm:grid-cols-2">
          {isMapped && (
            <Field label="Window" hint="The most indexes that exist and have not ended.">
              {(props) => (
                <Input
                  {...props}
                  inputMode="numeric"
                  value={window}
                  onChange={(event) => setWindow(event.target.value)}
                />
              )}
            </Field>
          )}
          <Field label="Page size" hint="The most items that are read at once.">
            {(props) => (
              <Input
                {...props}
                inputMode="numeric"
                value={pageSize}
                onChange={(event) => setPageSize(event.target.value)}
              />
            )}
          </Field>
          {isMapped && (
            <>
              <Field label="Concurrency" hint="The most that run at once; empty: as workers have slots.">
                {(props) => (
                  <Input
                    {...props}
                    inputMode="numeric"
                    value={concurrency}
                    onChange={(event) => setConcurrency(event.target.value)}
                  />
                )}
              </Field>
              <Field label="Failures tolerated" hint="One more stops the map; empty: any number.">
                {(props) => (
                  <Input
                    {...props}
                    inputMode="numeric"
                    value={failures}
                    onChange={(event) => setFailures(event.target.value)}
                  />
                )}
              </Field>
              <Field
                label="Share tolerated, %"
                hint={`Judged from ${tolerance?.min_sample ?? minSampleDefault} ended instances on.`}
              >
                {(props) => (
                  <Input
                    {...props}
                    inputMode="decimal"
                    value={ratio}
                    onChange={(event) => setRatio(event.target.value)}
                  />
                )}
              </Field>
            </>
          )}
        </div>
        {set.error !== null && (
          <p role="alert" className="m-0 font-medium text-danger">
            {set.error.message}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" look="primary" disabled={set.isPending || Object.keys(change).length === 0}>
            Set limits
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
