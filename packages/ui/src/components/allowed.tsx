import { Lock } from "lucide-react"
import type { ReactNode } from "react"
import { Empty, Skeleton } from "./feedback.tsx"
import { Panel } from "./page.tsx"
import { useQuery } from "@tanstack/react-query"
import { meQuery } from "../api/queries.ts"
import { type Operation, useDenied } from "./role.ts"

/** What only some may read: to whom the server would refuse it, it is not asked for, and they are told why. */
export function Allowed({
  operation,
  children,
}: {
  readonly operation: Operation
  readonly children: ReactNode
}) {
  const { isPending } = useQuery(meQuery)
  const denied = useDenied()(operation)
  if (isPending)
    return (
      <Panel>
        <Skeleton rows={3} />
      </Panel>
    )
  if (denied === null) return children
  return (
    <Panel>
      <Empty title="Your role does not allow this" icon={<Lock size={22} aria-hidden />}>
        {denied} An administrator gives roles, under Users.
      </Empty>
    </Panel>
  )
}
