import type { UserRole } from "@sluice/api/wire"
import { useQuery } from "@tanstack/react-query"
import { Plus, Trash2 } from "lucide-react"
import { type FormEvent, useState } from "react"
import { api, path } from "../api/client.ts"
import { type ApiToken, apiTokensQuery } from "../api/queries.ts"
import { Button, IconButton } from "../components/button.tsx"
import { Dialog } from "../components/dialog.tsx"
import { Empty, Loaded } from "../components/feedback.tsx"
import { Field, Input } from "../components/field.tsx"
import { useAction } from "../components/mutation.ts"
import { Panel } from "../components/page.tsx"
import { useDenied } from "../components/role.ts"
import { Time } from "../components/time.tsx"
import { RoleField } from "./admin-users.tsx"
import { SecretOnce } from "./secret-once.tsx"

/** The tokens of programs. */
export function AdminTokens() {
  const tokens = useQuery(apiTokensQuery)
  const denied = useDenied()("admin")
  const [isMaking, setMaking] = useState(false)
  const revoke = useAction({
    run: (name: string) => api<null>(path`/tokens/${name}`, { method: "DELETE" }),
    touches: [apiTokensQuery.queryKey],
    done: (_answer, name) => `The token ${name} is not good any more.`,
  })
  return (
    <Panel
      title="Tokens of programs"
      aside={
        <Button className="h-7 px-2" denied={denied} onClick={() => setMaking(true)}>
          <Plus size={13} aria-hidden /> New token
        </Button>
      }
    >
      <Loaded query={tokens} rows={3}>
        {({ tokens: rows }) =>
          rows.length === 0 ? (
            <Empty title="No program has a token">
              A token lets a program call the API without signing in.
            </Empty>
          ) : (
            <div className="overflow-x-auto">
              <table className="grid-table">
                <thead>
                  <tr>
                    <th>Token</th>
                    <th>Role</th>
                    <th className="hidden sm:table-cell">Made by</th>
                    <th>Since</th>
                    <th>Expires</th>
                    <th>
                      <span className="sr-only">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((token) => (
                    <tr key={token.name} data-row>
                      <td className="font-semibold">{token.name}</td>
                      <td>{token.role}</td>
                      <td className="hidden text-muted sm:table-cell">{token.created_by}</td>
                      <td>
                        <Time at={token.created_at} />
                      </td>
                      <td>
                        {token.expires_at === null ? (
                          <span className="text-muted">never</span>
                        ) : (
                          <Time at={token.expires_at} isRelative />
                        )}
                      </td>
                      <td className="text-right">
                        <IconButton label={`Revoke ${token.name}`} onClick={() => revoke.mutate(token.name)}>
                          <Trash2 size={14} aria-hidden />
                        </IconButton>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
      {isMaking && <NewTokenDialog onClose={() => setMaking(false)} />}
    </Panel>
  )
}

function NewTokenDialog({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState("")
  const [role, setRole] = useState<UserRole>("viewer")
  const [days, setDays] = useState("90")
  const make = useAction({
    isQuiet: true,
    run: () =>
      api<ApiToken & { token: string }>("/tokens", {
        method: "POST",
        body: { name, role, ...(days !== "" && { expires_days: Number(days) }) },
      }),
    touches: [apiTokensQuery.queryKey],
  })
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    make.mutate(undefined)
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="New token"
      description="It is kept only as a hash, and shown once."
    >
      {make.data === undefined ? (
        <form onSubmit={onSubmit} className="flex flex-col gap-3.5">
          <Field label="Name" hint="What uses it." error={make.error?.message}>
            {(props) => (
              <Input {...props} required value={name} onChange={(event) => setName(event.target.value)} />
            )}
          </Field>
          <RoleField role={role} onChange={setRole} />
          <Field label="Good for days" hint="Empty: until it is revoked.">
            {(props) => (
              <Input
                {...props}
                inputMode="numeric"
                value={days}
                onChange={(event) => setDays(event.target.value)}
              />
            )}
          </Field>
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Close</Button>
            <Button type="submit" look="primary" disabled={make.isPending}>
              Make the token
            </Button>
          </div>
        </form>
      ) : (
        <>
          <SecretOnce label={`The token ${make.data.name}`} value={make.data.token} />
          <div className="mt-4 flex justify-end">
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </>
      )}
    </Dialog>
  )
}
