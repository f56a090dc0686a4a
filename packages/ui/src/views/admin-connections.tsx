import { useInfiniteQuery } from "@tanstack/react-query"
import { Plug } from "lucide-react"
import { useState } from "react"
import { api, path } from "../api/client.ts"
import { type Connection, connectionsQuery } from "../api/queries.ts"
import { NewButton } from "../components/button.tsx"
import { DialogForm } from "../components/dialog-form.tsx"
import { Dialog } from "../components/dialog.tsx"
import { Empty, Loaded } from "../components/feedback.tsx"
import { Field, TextArea, TextField } from "../components/field.tsx"
import { useAction } from "../components/mutation.ts"
import { Panel } from "../components/page.tsx"
import { useDenied } from "../components/role.ts"
import { ActionsHead, DeleteButton, More, RowActions, Table } from "../components/table.tsx"

/** Connections: how tasks reach what is elsewhere. Passwords are never told, and stay where they are left hidden. */
export function AdminConnections() {
  const connections = useInfiniteQuery(connectionsQuery)
  const denied = useDenied()
  const [edited, setEdited] = useState<Connection | "new" | null>(null)
  return (
    <Panel
      title="Connections"
      aside={
        <NewButton denied={denied("post_connection")} onClick={() => setEdited("new")}>
          New connection
        </NewButton>
      }
    >
      <Loaded query={connections} rows={3}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.connections)
          if (rows.length === 0)
            return (
              <Empty title="No connection yet" icon={<Plug size={22} aria-hidden />}>
                A connection has a host, a login and a password under one name; it is stored encrypted.
              </Empty>
            )
          return (
            <>
              <Table
                head={
                  <>
                    <th>Connection</th>
                    <th>Type</th>
                    <th>Host</th>
                    <th className="hidden sm:table-cell">Login</th>
                    <ActionsHead />
                  </>
                }
              >
                {rows.map((one) => (
                  <tr key={one.connection_id} data-row>
                    <td>
                      <div className="font-semibold">{one.connection_id}</div>
                      <div className="text-xs text-muted">{one.description}</div>
                    </td>
                    <td>{one.conn_type}</td>
                    <td className="font-mono text-xs break-all">
                      {one.host}
                      {one.port !== null && `:${one.port}`}
                      {one.schema !== null && `/${one.schema}`}
                    </td>
                    <td className="hidden sm:table-cell">
                      {one.login}
                      {one.password !== null && <span className="ml-1 text-muted">with a password</span>}
                    </td>
                    <td>
                      <RowActions
                        name={one.connection_id}
                        denied={denied("patch_connection")}
                        onChange={() => setEdited(one)}
                      >
                        <DeleteButton
                          name={one.connection_id}
                          denied={denied("delete_connection")}
                          description="Its password goes with it. Tasks that ask for it fail from now on."
                          run={() => api<null>(path`/connections/${one.connection_id}`, { method: "DELETE" })}
                          touches={[connectionsQuery.queryKey]}
                          done={`The connection ${one.connection_id} is gone.`}
                        />
                      </RowActions>
                    </td>
                  </tr>
                ))}
              </Table>
              <More list={connections} />
            </>
          )
        }}
      </Loaded>
      {edited !== null && (
        <ConnectionDialog connection={edited === "new" ? null : edited} onClose={() => setEdited(null)} />
      )}
    </Panel>
  )
}

const fields = [
  { name: "host", label: "Host" },
  { name: "port", label: "Port" },
  { name: "schema", label: "Schema or database" },
  { name: "login", label: "Login" },
  { name: "password", label: "Password" },
  { name: "description", label: "Description" },
] as const

function ConnectionDialog({
  connection,
  onClose,
}: {
  readonly connection: Connection | null
  readonly onClose: () => void
}) {
  const [id, setId] = useState(connection?.connection_id ?? "")
  const [type, setType] = useState(connection?.conn_type ?? "http")
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(fields.map(({ name }) => [name, String(connection?.[name] ?? "")])),
  )
  const [extra, setExtra] = useState(connection?.extra ?? "")
  const textOf = (name: string) => (values[name] === "" || values[name] === undefined ? null : values[name])
  const body = {
    connection_id: id,
    conn_type: type,
    ...Object.fromEntries(
      fields.filter(({ name }) => name !== "port").map(({ name }) => [name, textOf(name)]),
    ),
    port: textOf("port") === null ? null : Number(textOf("port")),
    extra: extra === "" ? null : extra,
  }
  const save = useAction({
    isQuiet: true,
    run: () =>
      connection === null
        ? api<Connection>("/connections", { method: "POST", body })
        : api<Connection>(path`/connections/${connection.connection_id}`, { method: "PATCH", body }),
    touches: [connectionsQuery.queryKey],
    done: () => `The connection ${id} is saved.`,
    onDone: onClose,
  })
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={connection === null ? "New connection" : `Connection ${connection.connection_id}`}
      description="What is shown as stars stays as it was."
    >
      <DialogForm
        submit="Save"
        isBlocked={save.isPending}
        error={save.error}
        onSubmit={() => save.mutate(undefined)}
        onClose={onClose}
      >
        <div className="grid gap-3.5 sm:grid-cols-2">
          {connection === null && <TextField label="Id" required value={id} onChange={setId} />}
          <TextField label="Type" required value={type} onChange={setType} />
          {fields.map(({ name, label }) => (
            <TextField
              key={name}
              label={label}
              type={name === "password" ? "password" : "text"}
              inputMode={name === "port" ? "numeric" : "text"}
              autoComplete="new-password"
              value={values[name] ?? ""}
              onChange={(text) => setValues({ ...values, [name]: text })}
            />
          ))}
        </div>
        <Field label="Extra (JSON)">
          {(props) => (
            <TextArea {...props} rows={3} value={extra} onChange={(event) => setExtra(event.target.value)} />
          )}
        </Field>
      </DialogForm>
    </Dialog>
  )
}
