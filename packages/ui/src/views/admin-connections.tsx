import { useInfiniteQuery } from "@tanstack/react-query"
import { Pencil, Plug, Plus, Trash2 } from "lucide-react"
import { type FormEvent, useState } from "react"
import { api, path } from "../api/client.ts"
import { type Connection, connectionsQuery } from "../api/queries.ts"
import { Button, IconButton } from "../components/button.tsx"
import { Dialog } from "../components/dialog.tsx"
import { Empty, Loaded } from "../components/feedback.tsx"
import { Field, Input } from "../components/field.tsx"
import { useAction } from "../components/mutation.ts"
import { Panel } from "../components/page.tsx"
import { useDenied } from "../components/role.ts"

/** Connections: how tasks reach what is elsewhere. Passwords are never told, and stay where they are left hidden. */
export function AdminConnections() {
  const connections = useInfiniteQuery(connectionsQuery)
  const denied = useDenied()("op")
  const [edited, setEdited] = useState<Connection | "new" | null>(null)
  const remove = useAction({
    run: (id: string) => api<null>(path`/connections/${id}`, { method: "DELETE" }),
    touches: [connectionsQuery.queryKey],
    done: (_answer, id) => `The connection ${id} is gone.`,
  })
  return (
    <Panel
      title="Connections"
      aside={
        <Button className="h-7 px-2" denied={denied} onClick={() => setEdited("new")}>
          <Plus size={13} aria-hidden /> New connection
        </Button>
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
            <div className="overflow-x-auto">
              <table className="grid-table">
                <thead>
                  <tr>
                    <th>Connection</th>
                    <th>Type</th>
                    <th>Host</th>
                    <th className="hidden sm:table-cell">Login</th>
                    <th>
                      <span className="sr-only">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
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
                        <div className="flex justify-end gap-1">
                          <IconButton label={`Change ${one.connection_id}`} onClick={() => setEdited(one)}>
                            <Pencil size={14} aria-hidden />
                          </IconButton>
                          <IconButton
                            label={`Delete ${one.connection_id}`}
                            onClick={() => remove.mutate(one.connection_id)}
                          >
                            <Trash2 size={14} aria-hidden />
                          </IconButton>
                        </div>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {connections.hasNextPage && (
                <div className="border-t border-line p-2 text-center">
                  <Button onClick={() => void connections.fetchNextPage()}>More</Button>
                </div>
              )}
            </div>
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
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate(undefined)
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={connection === null ? "New connection" : `Connection ${connection.connection_id}`}
      description="What is shown as stars stays as it was."
    >
      <form onSubmit={onSubmit} className="flex flex-col gap-3.5">
        <div className="grid gap-3.5 sm:grid-cols-2">
          {connection === null && (
            <Field label="Id">
              {(props) => (
                <Input {...props} required value={id} onChange={(event) => setId(event.target.value)} />
              )}
            </Field>
          )}
          <Field label="Type">
            {(props) => (
              <Input {...props} required value={type} onChange={(event) => setType(event.target.value)} />
            )}
          </Field>
          {fields.map(({ name, label }) => (
            <Field key={name} label={label}>
              {(props) => (
                <Input
                  {...props}
                  type={name === "password" ? "password" : "text"}
                  inputMode={name === "port" ? "numeric" : "text"}
                  autoComplete="new-password"
                  value={values[name] ?? ""}
                  onChange={(event) => setValues({ ...values, [name]: event.target.value })}
                />
              )}
            </Field>
          ))}
        </div>
        <Field label="Extra (JSON)">
          {(props) => (
            <textarea
              {...props}
              rows={3}
              value={extra}
              onChange={(event) => setExtra(event.target.value)}
              className="w-full rounded-md border border-line-strong bg-surface p-2.5 font-mono text-xs"
            />
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
