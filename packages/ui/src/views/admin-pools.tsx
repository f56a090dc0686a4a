import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { api, path } from "../api/client.ts"
import { type Pool, poolsQuery } from "../api/queries.ts"
import { NewButton } from "../components/button.tsx"
import { DialogForm } from "../components/dialog-form.tsx"
import { Dialog } from "../components/dialog.tsx"
import { Loaded } from "../components/feedback.tsx"
import { TextField } from "../components/field.tsx"
import { useAction } from "../components/mutation.ts"
import { Panel } from "../components/page.tsx"
import { useDenied } from "../components/role.ts"
import { ActionsHead, DeleteButton, RowActions, Table } from "../components/table.tsx"
import { count } from "../model/format.ts"

const defaultPool = "default_pool"

/** Pools: how much runs at once, whatever it belongs to. */
export function AdminPools() {
  const pools = useQuery(poolsQuery)
  const denied = useDenied()("post_pool")
  const [edited, setEdited] = useState<Pool | "new" | null>(null)
  return (
    <Panel
      title="Pools"
      aside={
        <NewButton denied={denied} onClick={() => setEdited("new")}>
          New pool
        </NewButton>
      }
    >
      <Loaded query={pools} rows={3}>
        {({ pools: rows }) => (
          <Table
            head={
              <>
                <th>Pool</th>
                <th className="hidden w-1/3 sm:table-cell">Use</th>
                <th className="num">Running</th>
                <th className="num">Waiting</th>
                <th className="num">Slots</th>
                <ActionsHead />
              </>
            }
          >
            {rows.map((pool) => (
              <PoolRow key={pool.name} pool={pool} onEdit={() => setEdited(pool)} />
            ))}
          </Table>
        )}
      </Loaded>
      {edited !== null && (
        <PoolDialog pool={edited === "new" ? null : edited} onClose={() => setEdited(null)} />
      )}
    </Panel>
  )
}

function PoolRow({ pool, onEdit }: { readonly pool: Pool; readonly onEdit: () => void }) {
  const denied = useDenied()
  const isBounded = pool.slots >= 0
  const used = isBounded ? Math.min(1, pool.occupied_slots / Math.max(1, pool.slots)) : 0
  return (
    <tr data-row>
      <td>
        <div className="font-semibold">{pool.name}</div>
        <div className="text-xs text-muted">
          {pool.description}
          {pool.include_deferred && " · deferred count too"}
        </div>
      </td>
      <td className="hidden min-w-32 sm:table-cell">
        <div
          role="img"
          aria-label={`${pool.occupied_slots} of ${isBounded ? pool.slots : "any number of"} slots taken`}
          className="h-2 overflow-hidden rounded-full bg-sunken ring-1 ring-line ring-inset"
        >
          <div className="h-full" style={{ width: `${used * 100}%`, background: "var(--s-running-fill)" }} />
        </div>
      </td>
      <td className="num">{count(pool.running_slots)}</td>
      <td className="num">{count(pool.scheduled_slots)}</td>
      <td className="num">{isBounded ? count(pool.slots) : "any"}</td>
      <td>
        <RowActions name={pool.name} denied={denied("patch_pool")} onChange={onEdit}>
          <DeleteButton
            name={pool.name}
            denied={denied("delete_pool") ?? (pool.name === defaultPool ? "The default pool stays." : null)}
            description="Its limit goes with it. While a run that has not ended uses it, it stays."
            run={() => api<null>(path`/pools/${pool.name}`, { method: "DELETE" })}
            touches={[poolsQuery.queryKey]}
            done={`The pool ${pool.name} is gone.`}
          />
        </RowActions>
      </td>
    </tr>
  )
}

function PoolDialog({ pool, onClose }: { readonly pool: Pool | null; readonly onClose: () => void }) {
  const [name, setName] = useState(pool?.name ?? "")
  const [slots, setSlots] = useState(pool === null ? "4" : pool.slots < 0 ? "" : String(pool.slots))
  const [description, setDescription] = useState(pool?.description ?? "")
  const [withDeferred, setWithDeferred] = useState(pool?.include_deferred ?? false)
  const values = {
    slots: slots === "" ? -1 : Number(slots),
    description: description === "" ? null : description,
    include_deferred: withDeferred,
  }
  const save = useAction({
    isQuiet: true,
    run: () =>
      pool === null
        ? api<Pool>("/pools", { method: "POST", body: { name, ...values } })
        : api<Pool>(path`/pools/${pool.name}`, { method: "PATCH", body: values }),
    touches: [poolsQuery.queryKey],
    done: (saved) =>
      `The pool ${saved.name} has ${saved.slots < 0 ? "any number of" : count(saved.slots)} slots.`,
    onDone: onClose,
  })
  return (
    <Dialog isOpen onClose={onClose} title={pool === null ? "New pool" : `Pool ${pool.name}`}>
      <DialogForm
        submit="Save"
        isBlocked={save.isPending}
        error={save.error}
        onSubmit={() => save.mutate(undefined)}
        onClose={onClose}
      >
        {pool === null && <TextField label="Name" required value={name} onChange={setName} />}
        <TextField
          label="Slots"
          hint="Empty: no limit. It counts from the next instance on that starts."
          inputMode="numeric"
          value={slots}
          onChange={setSlots}
        />
        <TextField label="Description" value={description} onChange={setDescription} />
        <label className="inline-flex items-center gap-2">
          <input
            type="checkbox"
            checked={withDeferred}
            onChange={(event) => setWithDeferred(event.target.checked)}
          />{" "}
          Deferred instances take slots too
        </label>
      </DialogForm>
    </Dialog>
  )
}
