import type { DagStructure, Expansion } from "@sluice/api/wire"
import { lazy, Suspense } from "react"
import { Skeleton } from "./feedback.tsx"

const TaskGraph = lazy(() => import("./task-graph.tsx"))

/** The tasks of a DAG and what flows between them; what draws it comes with the first graph. */
export function Graph(props: {
  readonly structure: DagStructure
  readonly expansions?: readonly Expansion[]
  readonly onPick: (taskId: string) => void
  readonly height: number | string
}) {
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
