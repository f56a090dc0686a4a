import { ChevronsDownUp, ChevronsUpDown } from "lucide-react"
import { useMemo } from "react"
import type { TaskGroup } from "../model/groups.ts"
import { Button } from "./button.tsx"

/** Which groups are closed, as an address holds it: their ids, divided by commas, which no id has. */
export function useClosedGroups(
  closed: string | undefined,
  set: (closed: string | undefined) => void,
): {
  readonly closed: ReadonlySet<string>
  readonly toggle: (groupId: string) => void
  readonly setAll: (groupIds: readonly string[]) => void
} {
  const ids = useMemo(() => new Set(closed?.split(",")), [closed])
  const setAll = (groupIds: readonly string[]) => set(groupIds.length === 0 ? undefined : groupIds.join(","))
  const toggle = (groupId: string) =>
    setAll(ids.has(groupId) ? [...ids].filter((id) => id !== groupId) : [...ids, groupId])
  return { closed: ids, toggle, setAll }
}

/** The buttons that close and open all groups of a DAG that has any. */
export function GroupButtons({
  groups,
  closed,
  onChange,
}: {
  readonly groups: readonly TaskGroup[]
  readonly closed: ReadonlySet<string>
  readonly onChange: (closed: readonly string[]) => void
}) {
  if (groups.length === 0) return null
  return (
    <span className="inline-flex gap-1">
      <Button
        look="ghost"
        className="h-7 px-2"
        disabled={groups.every(({ group_id: id }) => closed.has(id))}
        onClick={() => onChange(groups.map(({ group_id: id }) => id))}
      >
        <ChevronsDownUp size={14} aria-hidden /> Close groups
      </Button>
      <Button look="ghost" className="h-7 px-2" disabled={closed.size === 0} onClick={() => onChange([])}>
        <ChevronsUpDown size={14} aria-hidden /> Open groups
      </Button>
    </span>
  )
}
