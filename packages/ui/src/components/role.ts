import type { operations } from "@sluice/client"
import { useQuery } from "@tanstack/react-query"
import { meQuery } from "../api/queries.ts"

/** Something the API does, by the name that its document gives it. */
export type Operation = keyof operations

/** Says why the server would refuse an operation to the one who is signed in, as the server tells it; null: it would not. */
export function useDenied(): (operation: Operation) => string | null {
  const { data: me } = useQuery(meQuery)
  return (operation) => {
    if (me === undefined) return "Who you are is not known yet."
    const needed = me.refused_operations[operation]
    return needed === undefined ? null : `This needs the role ${needed}; yours is ${me.role}.`
  }
}
