import type { UserRole } from "@sluice/api/wire"
import { useQuery } from "@tanstack/react-query"
import { meQuery } from "../api/queries.ts"

const roles: readonly UserRole[] = ["viewer", "user", "op", "admin"]

/** Says why the one who is signed in may not do what a role is needed for; null: may. */
export function useDenied(): (needed: UserRole) => string | null {
  const { data: me } = useQuery(meQuery)
  return (needed) => {
    if (me === undefined) return "loading…"
    return roles.indexOf(me.role) >= roles.indexOf(needed)
      ? null
      : `This needs the role ${needed}; yours is ${me.role}.`
  }
}
