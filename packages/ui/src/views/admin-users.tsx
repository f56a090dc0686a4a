import type { UserRole } from "@sluice/api/wire"
import { useQuery } from "@tanstack/react-query"
import { KeyRound } from "lucide-react"
import { useState } from "react"
import { api, path } from "../api/client.ts"
import { meQuery, type User, usersQuery } from "../api/queries.ts"
import { Button, IconButton, NewButton } from "../components/button.tsx"
import { DialogForm } from "../components/dialog-form.tsx"
import { Dialog } from "../components/dialog.tsx"
import { Loaded } from "../components/feedback.tsx"
import { Field, Select, TextField } from "../components/field.tsx"
import { useAction } from "../components/mutation.ts"
import { Panel } from "../components/page.tsx"
import { useDenied } from "../components/role.ts"
import { ActionsHead, DeleteButton, Table } from "../components/table.tsx"
import { Time } from "../components/time.tsx"
import { SecretMade, SecretOnce } from "./secret-once.tsx"

/** What each role may do. */
export const roleWords: Readonly<Record<UserRole, string>> = {
  viewer: "read",
  user: "also trigger and change runs",
  op: "also pause DAGs, backfill, pools",
  admin: "everything",
}

/** Who may sign in. */
export function AdminUsers() {
  const users = useQuery(usersQuery)
  const denied = useDenied()
  const { data: me } = useQuery(meQuery)
  const [open, setOpen] = useState<{ kind: "new" } | { kind: "password"; user: User } | null>(null)
  const close = () => setOpen(null)
  return (
    <Panel
      title="Users"
      aside={
        <NewButton denied={denied("post_user")} onClick={() => setOpen({ kind: "new" })}>
          New user
        </NewButton>
      }
    >
      <Loaded query={users} rows={4}>
        {({ users: rows }) => (
          <Table
            head={
              <>
                <th>User</th>
                <th>Role</th>
                <th>Since</th>
                <ActionsHead />
              </>
            }
          >
            {rows.map((user) => (
              <tr key={user.username} data-row>
                <td className="font-semibold">{user.username}</td>
                <td>
                  {user.role} <span className="hidden text-muted sm:inline">· {roleWords[user.role]}</span>
                </td>
                <td>
                  <Time at={user.created_at} />
                </td>
                <td>
                  <div className="flex justify-end gap-1">
                    <IconButton
                      label={`New password for ${user.username}`}
                      denied={denied("put_user_password")}
                      onClick={() => setOpen({ kind: "password", user })}
                    >
                      <KeyRound size={14} aria-hidden />
                    </IconButton>
                    <DeleteButton
                      name={user.username}
                      denied={
                        denied("delete_user") ??
                        (me?.kind === "user" && me.name === user.username
                          ? "Nobody deletes themselves."
                          : null)
                      }
                      description="They are signed out at once. What they did stays in the event log."
                      run={() => api<null>(path`/users/${user.username}`, { method: "DELETE" })}
                      touches={[usersQuery.queryKey]}
                      done={`${user.username} cannot sign in any more.`}
                    />
                  </div>
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Loaded>
      {open?.kind === "new" && <NewUserDialog onClose={close} />}
      {open?.kind === "password" && <PasswordDialog user={open.user} onClose={close} />}
    </Panel>
  )
}

function NewUserDialog({ onClose }: { readonly onClose: () => void }) {
  const [username, setUsername] = useState("")
  const [role, setRole] = useState<UserRole>("viewer")
  const make = useAction({
    isQuiet: true,
    run: () => api<User & { password: string }>("/users", { method: "POST", body: { username, role } }),
    touches: [usersQuery.queryKey],
  })
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="New user"
      description="The password is made here, and shown once."
    >
      {make.data === undefined ? (
        <DialogForm
          submit="Make the user"
          isBlocked={make.isPending}
          onSubmit={() => make.mutate(undefined)}
          onClose={onClose}
        >
          <TextField
            label="Name"
            error={make.error?.message}
            required
            value={username}
            onChange={setUsername}
          />
          <RoleField role={role} onChange={setRole} />
        </DialogForm>
      ) : (
        <SecretMade
          label={`The password of ${make.data.username}`}
          value={make.data.password}
          onClose={onClose}
        />
      )}
    </Dialog>
  )
}

/** A role to choose, with what it may do. */
export function RoleField({
  role,
  onChange,
}: {
  readonly role: UserRole
  readonly onChange: (role: UserRole) => void
}) {
  return (
    <Field label="Role">
      {(props) => (
        <Select
          {...props}
          className="w-full"
          value={role}
          onChange={(event) => onChange(event.target.value as UserRole)}
        >
          {Object.entries(roleWords).map(([name, words]) => (
            <option key={name} value={name}>
              {name}: {words}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}

function PasswordDialog({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const change = useAction({
    run: () =>
      api<User & { password: string }>(path`/users/${user.username}/password`, { method: "PUT", body: {} }),
    touches: [],
  })
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`A new password for ${user.username}`}
      description="The one before is void at once, and so is every session."
    >
      {change.data !== undefined && (
        <SecretOnce label={`The password of ${user.username}`} value={change.data.password} />
      )}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>Close</Button>
        {change.data === undefined && (
          <Button look="primary" disabled={change.isPending} onClick={() => change.mutate(undefined)}>
            Make a new password
          </Button>
        )}
      </div>
    </Dialog>
  )
}
