import { useInfiniteQuery } from "@tanstack/react-query"
import { Lock } from "lucide-react"
import { useState } from "react"
import { api, path } from "../api/client.ts"
import { type Variable, variablesQuery } from "../api/queries.ts"
import { NewButton } from "../components/button.tsx"
import { DialogForm } from "../components/dialog-form.tsx"
import { Dialog } from "../components/dialog.tsx"
import { Empty, Loaded } from "../components/feedback.tsx"
import { Field, TextArea, TextField } from "../components/field.tsx"
import { useAction } from "../components/mutation.ts"
import { Panel } from "../components/page.tsx"
import { useDenied } from "../components/role.ts"
import { ActionsHead, DeleteButton, More, RowActions, Table } from "../components/table.tsx"

/** Variables: values that tasks read. What is secret is never told, and stays as it was where it is left hidden. */
export function AdminVariables() {
  const variables = useInfiniteQuery(variablesQuery)
  const denied = useDenied()
  const [edited, setEdited] = useState<Variable | "new" | null>(null)
  return (
    <Panel
      title="Variables"
      aside={
        <NewButton denied={denied("post_variable")} onClick={() => setEdited("new")}>
          New variable
        </NewButton>
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
            <>
              <Table
                head={
                  <>
                    <th>Key</th>
                    <th>Value</th>
                    <th className="hidden md:table-cell">Description</th>
                    <ActionsHead />
                  </>
                }
              >
                {rows.map((variable) => (
                  <tr key={variable.key} data-row>
                    <td className="font-semibold">{variable.key}</td>
                    <td className="max-w-0 w-1/2 truncate font-mono text-xs">{variable.value}</td>
                    <td className="hidden text-muted md:table-cell">{variable.description}</td>
                    <td>
                      <RowActions
                        name={variable.key}
                        denied={denied("patch_variable")}
                        onChange={() => setEdited(variable)}
                      >
                        <DeleteButton
                          name={variable.key}
                          denied={denied("delete_variable")}
                          description="Its value cannot be had back. Tasks that ask for it fail from now on."
                          run={() => api<null>(path`/variables/${variable.key}`, { method: "DELETE" })}
                          touches={[variablesQuery.queryKey]}
                          done={`The variable ${variable.key} is gone.`}
                        />
                      </RowActions>
                    </td>
                  </tr>
                ))}
              </Table>
              <More list={variables} />
            </>
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
  return (
    <Dialog isOpen onClose={onClose} title={variable === null ? "New variable" : `Variable ${variable.key}`}>
      <DialogForm
        submit="Save"
        isBlocked={save.isPending}
        error={save.error}
        onSubmit={() => save.mutate(undefined)}
        onClose={onClose}
      >
        {variable === null && <TextField label="Key" required value={key} onChange={setKey} />}
        <Field label="Value" hint="Text or JSON. What is shown as stars stays as it was.">
          {(props) => (
            <TextArea
              {...props}
              required
              rows={4}
              value={value}
              onChange={(event) => setValue(event.target.value)}
            />
          )}
        </Field>
        <TextField label="Description" value={description} onChange={setDescription} />
      </DialogForm>
    </Dialog>
  )
}
