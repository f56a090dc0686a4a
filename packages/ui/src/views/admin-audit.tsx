import { useNavigate, useSearch } from "@tanstack/react-router"
import { SearchInput } from "../components/field.tsx"
import { EventTable } from "./event-table.tsx"

/** What was done by anybody, to anything. */
export function AdminAudit() {
  const search = useSearch({ from: "/shell/admin/audit" })
  const navigate = useNavigate({ from: "/admin/audit" })
  const set = (change: Partial<typeof search>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
  const fields = [
    { name: "who", label: "Who" },
    { name: "event", label: "Event" },
    { name: "dag", label: "DAG" },
  ] as const
  return (
    <>
      <div className="mb-3 flex flex-wrap gap-2">
        {fields.map(({ name, label }) => (
          <SearchInput
            key={name}
            aria-label={label}
            placeholder={label}
            className="w-44"
            value={search[name]}
            onSearch={(text) => set({ [name]: text })}
          />
        ))}
      </div>
      <EventTable filter={{ owner: search.who, event: search.event, dag_id: search.dag }} />
    </>
  )
}
