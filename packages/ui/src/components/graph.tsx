import type { DagStructure, Expansion } from "@sluice/api/wire"
import { lazy, Suspense } from "react"
import { Skeleton } from "./feedback.tsx"

const TaskGraph = lazy(() => import("./task-graph.tsx"))

/** What a graph is drawn from. */
export interface GraphProps {
  readonly structure: DagStructure
  readonly expansions?: readonly Expansion[]
  readonly onPick: (taskId: string) => void
  readonly height: number | string
  /** The groups that are closed. */
  readonly closed: ReadonlySet<string>
  /** Opens a group, or closes it. */
  readonly onToggle: (groupId: string) => void
}

/** The tasks of a DAG and what flows between them; what draws it comes with the first graph. */
export function Graph(props: GraphProps) {
  return (
    <Suspense
      fallback={
        <div style={{ height: props.height }}>
          <Skeleton />
        </div>
      }
    >
      <TaskGraph {...props} />
    </Suspense>
  )
}
