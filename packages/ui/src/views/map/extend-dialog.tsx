import { useQuery } from "@tanstack/react-query"
import { api } from "../../api/client.ts"
import { mapPath, runKey, type TaskName } from "../../api/queries.ts"
import { Button } from "../../components/button.tsx"
import { Dialog } from "../../components/dialog.tsx"
import { Loaded } from "../../components/feedback.tsx"
import { useAction } from "../../components/mutation.ts"

interface Report {
  readonly tasks: readonly {
    readonly task_id: string
    readonly does: string
    readonly reason: string | null
  }[]
}

/** Goes on where a finished map's source ended. What that would be is told first. */
export function ExtendDialog({ name, onClose }: { readonly name: TaskName; readonly onClose: () => void }) {
  const extend = (isDryRun: boolean, signal?: AbortSignal) =>
    api<Report>(`${mapPath(name)}/extend`, { method: "POST", body: { dry_run: isDryRun }, signal })
  const preview = useQuery({
    queryKey: ["extend", name],
    queryFn: ({ signal }) => extend(true, signal),
    staleTime: 0,
    retry: false,
  })
  const run = useAction({
    run: () => extend(false),
    touches: [runKey(name)],
    done: () => `${name.taskId} goes on where its source ended.`,
    onDone: onClose,
  })
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Extend ${name.taskId}`}
      description="The source is read on from where it ended; only what is new is processed."
    >
      <Loaded query={preview} rows={3}>
        {({ tasks }) => (
          <ul className="m-0 list-none space-y-1.5 p-0">
            {tasks.map((task) => (
              <li key={task.task_id}>
                <strong>{task.task_id}</strong> {wordsOf(task.does)}
                {task.reason !== null && <span className="text-muted">: {task.reason}</span>}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>Close</Button>
        <Button
          look="primary"
          disabled={preview.data === undefined || run.isPending}
          onClick={() => run.mutate(undefined)}
        >
          Extend
        </Button>
      </div>
    </Dialog>
  )
}

function wordsOf(does: string): string {
  return { "go on": "goes on", "begin anew": "begins anew", stay: "stays as it is" }[does] ?? does
}
