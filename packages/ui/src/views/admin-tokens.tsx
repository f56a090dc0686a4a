import type { UserRole } from "@sluice/api/wire"
import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { api, path } from "../api/client.ts"
import { type ApiToken, apiTokensQuery } from "../api/queries.ts"
import { NewButton } from "../components/button.tsx"
import { DialogForm } from "../components/dialog-form.tsx"
import { Dialog } from "../components/dialog.tsx"
import { Empty, Loaded } from "../components/feedback.tsx"
import { TextField } from "../components/field.tsx"
import { useAction } from "../components/mutation.ts"
import { Panel } from "../components/page.tsx"
import { useDenied } from "../components/role.ts"
import { ActionsHead, DeleteButton, Table } from "../components/table.tsx"
import { Time } from "../components/time.tsx"
import { RoleField } from "./admin-users.tsx"
import { SecretMade } from "./secret-once.tsx"

/** The tokens of programs. */
export function AdminTokens() {
  const tokens = useQuery(apiTokensQuery)
  const denied = useDenied()
  const [isMaking, setMaking] = useState(false)
  return (
    <Panel
      title="Tokens of programs"
      aside={
        <NewButton denied={denied("post_token")} onClick={() => setMaking(true)}>
          New token
        </NewButton>
      }
    >
      <Loaded query={tokens} rows={3}>
        {({ tokens: rows }) =>
          rows.length === 0 ? (
            <Empty title="No program has a token">
              A token lets a program call the API without signing in.
            </Empty>
          ) : (
            <Table
              head={
                <>
                  <th>Token</th>
                  <th>Role</th>
                  <th className="hidden sm:table-cell">Made by</th>
                  <th>Since</th>
                  <th>Expires</th>
                  <ActionsHead />
                </>
              }
            >
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
                    <DeleteButton
                      name={token.name}
                      label={`Revoke ${token.name}`}
                      confirm="Revoke"
                      denied={denied("delete_token")}
                      description="The program that uses it is refused from now on. It cannot be had back."
                      run={() => api<null>(path`/tokens/${token.name}`, { method: "DELETE" })}
                      touches={[apiTokensQuery.queryKey]}
                      done={`The token ${token.name} is not good any more.`}
                    />
                  </td>
                </tr>
              ))}
            </Table>
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
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="New token"
      description="It is kept only as a hash, and shown once."
    >
      {make.data === undefined ? (
        <DialogForm
          submit="Make the token"
          isBlocked={make.isPending}
          onSubmit={() => make.mutate(undefined)}
          onClose={onClose}
        >
          <TextField
            label="Name"
            hint="What uses it."
            error={make.error?.message}
            required
            value={name}
            onChange={setName}
          />
          <RoleField role={role} onChange={setRole} />
          <TextField
            label="Good for days"
            hint="Empty: until it is revoked."
            inputMode="numeric"
            value={days}
            onChange={setDays}
          />
        </DialogForm>
      ) : (
        <SecretMade label={`The token ${make.data.name}`} value={make.data.token} onClose={onClose} />
      )}
    </Dialog>
  )
}
