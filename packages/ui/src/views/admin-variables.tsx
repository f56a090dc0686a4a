import { useInfiniteQuery } from "@tanstack/react-query"
import { Lock, Pencil, Plus, Trash2 } from "lucide-react"
import { type FormEvent, useState } from "react"
import { api, path } from "../api/client.ts"
import { type Variable, variablesQuery } from "../api/queries.ts"
import { Button, IconButton } from "../components/button.tsx"
import { Dialog } from "../components/dialog.tsx"
import { Empty, Loaded } from "../components/feedback.tsx"
import { Field, Input } from "../components/field.tsx"
import { useAction } from "../components/mutation.ts"
import { Panel } from "../components/page.tsx"
import { useDenied } from "../components/role.ts"

/** Variables: values that tasks read. What is secret is never told, and stays as it was where it is left hidden. */
export function AdminVariables() {
  const variables = useInfiniteQuery(variablesQuery)
  const denied = useDenied()("op")
  const [edited, setEdited] = useState<Variable | "new" | null>(null)
  const remove = useAction({
    run: (key: string) => api<null>(path`/variables/${key}`, { method: "DELETE" }),
    touches: [variablesQuery.queryKey],
    done: (_answer, key) => `The variable ${key} is gone.`,
  })
  return (
    <Panel
      title="Variables"
      aside={
        <Button className="h-7 px-2" denied={denied} onClick={() => setEdited("new")}>
          <Plus size={13} aria-hidden /> New variable
        </Button>
      }
    >
      <Loaded query={variables} rows={3}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.variables)
          if (rows.length === 0)
            return (
              <Empty title="No variable yet" icon={<Lock size={22} aria-hidden />}>
                A variable is a value that tasks read by its name; it is stored encrypted.
              </Empty>
            )
          return (
            <div className="overflow-x-auto">
              <table className="grid-table">
                <thead>
                  <tr>
                    <th>Key</th>
                    <th>Value</th>
                    <th className="hidden md:table-cell">Description</th>
                    <th>
                      <span className="sr-only">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((variable) => (
                    <tr key={variable.key} data-row>
                      <td className="font-semibold">{variable.key}</td>
                      <td className="max-w-0 w-1/2 truncate font-mono text-xs">{variable.value}</td>
                      <td className="hidden text-muted md:table-cell">{variable.description}</td>
                      <td>
                        <div className="flex justify-end gap-1">
                          <IconButton label={`Change ${variable.key}`} onClick={() => setEdited(variable)}>
                            <Pencil size={14} aria-hidden />
                          </IconButton>
                          <IconButton
                            label={`Delete ${variable.key}`}
                            onClick={() => remove.mutate(variable.key)}
                          >
                            <Trash2 size={14} aria-hidden />
                          </IconButton>
                        </div>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {variables.hasNextPage && (
                <div className="border-t border-line p-2 text-center">
                  <Button onClick={() => void variables.fetchNextPage()}>More</Button>
                </div>
              )}
            </div>
          )
        }}
      </Loaded>
      {edited !== null && (
        <VariableDialog variable={edited === "new" ? null : edited} onClose={() => setEdited(null)} />
      )}
    </Panel>
  )
}

function VariableDialog({
  variable,
  onClose,
}: {
  readonly variable: Variable | null
  readonly onClose: () => void
}) {
  const [key, setKey] = useState(variable?.key ?? "")
  const [value, setValue] = useState(variable?.value ?? "")
  const [description, setDescription] = useState(variable?.description ?? "")
  const body = { key, value, description: description === "" ? null : description }
  const save = useAction({
    isQuiet: true,
    run: () =>
      variable === null
        ? api<Variable>("/variables", { method: "POST", body })
        : api<Variable>(path`/variables/${variable.key}`, { method: "PATCH", body }),
    touches: [variablesQuery.queryKey],
    done: () => `The variable ${key} is saved.`,
    onDone: onClose,
  })
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate(undefined)
  }
  return (
    <Dialog isOpen onClose={onClose} title={variable === null ? "New variable" : `Variable ${variable.key}`}>
      <form onSubmit={onSubmit} className="flex flex-col gap-3.5">
        {variable === null && (
          <Field label="Key">
            {(props) => (
              <Input {...props} required value={key} onChange={(event) => setKey(event.target.value)} />
            )}
          </Field>
        )}
        <Field label="Value" hint="Text or JSON. What is shown as stars stays as it was.">
          {(props) => (
            <textarea
              {...props}
              required
              rows={4}
              value={value}
              onChange={(event) => setValue(event.target.value)}
              className="w-full rounded-md border border-line-strong bg-surface p-2.5 font-mono text-xs"
            />
          )}
        </Field>
        <Field label="Description">
          {(props) => (
            <Input {...props} value={description} onChange={(event) => setDescription(event.target.value)} />
          )}
        </Field>
        {save.error !== null && (
          <p role="alert" className="m-0 font-medium text-danger">
            {save.error.message}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" look="primary" disabled={save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
