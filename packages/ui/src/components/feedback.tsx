import { CloudOff, Inbox, TriangleAlert } from "lucide-react"
import type { ReactNode } from "react"
import { ApiProblem, Unreachable } from "../api/client.ts"
import { Button } from "./button.tsx"

/** Where nothing is, and what would put something there. */
export function Empty({
  title,
  children,
  icon = <Inbox size={22} aria-hidden />,
}: {
  readonly title: string
  readonly children?: ReactNode
  readonly icon?: ReactNode
}) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-12 text-center">
      <div className="text-muted">{icon}</div>
      <p className="text-base font-medium">{title}</p>
      {children !== undefined && <div className="max-w-md text-muted">{children}</div>}
    </div>
  )
}

/** What went wrong, in the server's words, and how to go on. */
export function Problem({ error, onRetry }: { readonly error: Error; readonly onRetry?: () => void }) {
  const isAway = error instanceof Unreachable
  const title = isAway
    ? "The server cannot be reached"
    : error instanceof ApiProblem && error.status === 404
      ? "This does not exist"
      : error instanceof ApiProblem && error.status === 403
        ? "Your role does not allow this"
        : "This could not be loaded"
  return (
    <div role="alert">
      <Empty
        title={title}
        icon={isAway ? <CloudOff size={22} aria-hidden /> : <TriangleAlert size={22} aria-hidden />}
      >
        <p className="break-words">
          {isAway ? "It is tried again by itself; what was loaded stays." : error.message}
        </p>
        {onRetry !== undefined && (
          <Button className="mt-3" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Empty>
    </div>
  )
}

/** The place of rows that are being loaded. */
export function Skeleton({ rows = 6 }: { readonly rows?: number }) {
  return (
    <div className="flex flex-col gap-3 p-4" role="status" aria-label="loading">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="skeleton h-4" style={{ width: `${90 - ((row * 17) % 45)}%` }} />
      ))}
    </div>
  )
}

/** What a query gives: the thing, or why it is not there. What is there stays while the newer cannot be had. */
export function Loaded<A>({
  query,
  rows,
  children,
}: {
  readonly query: {
    readonly data: A | undefined
    readonly error: Error | null
    readonly refetch: () => unknown
  }
  readonly rows?: number
  readonly children: (data: A) => ReactNode
}) {
  if (query.data !== undefined) return children(query.data)
  if (query.error !== null) return <Problem error={query.error} onRetry={() => void query.refetch()} />
  return <Skeleton {...(rows !== undefined && { rows })} />
}
