import type { DagRun } from "@sluice/api/wire"
import { Link } from "@tanstack/react-router"
import { recentRunsMax } from "../api/queries.ts"
import { fillOf, lookOf } from "../model/states.ts"
import { instantInFull } from "../model/format.ts"
import { Tip } from "./tip.tsx"

/** The last runs of a DAG, oldest first: a bar each, as high as it took long. */
export function RunStrip({ runs }: { readonly runs: readonly DagRun[] }) {
  const shown = runs.slice(0, recentRunsMax).toReversed()
  const longest = Math.max(1, ...shown.map((run) => run.duration ?? 0))
  if (shown.length === 0) return <span className="text-xs text-muted">no run yet</span>
  return (
    <div className="flex h-6 items-end gap-[3px]">
      {shown.map((run) => (
        <Tip
          key={run.dag_run_id}
          text={`${run.dag_run_id}: ${lookOf(run.state).label}, ${instantInFull(run.start_date ?? run.run_after).local}`}
        >
          <Link
            to="/dags/$dagId/runs/$runId"
            params={{ dagId: run.dag_id, runId: run.dag_run_id }}
            aria-label={`Run ${run.dag_run_id}: ${lookOf(run.state).label}`}
            className="flex h-6 w-2 items-end"
          >
            <span
              className="block w-full rounded-[2px]"
              style={{
                height: `${30 + 70 * Math.sqrt((run.duration ?? longest * 0.3) / longest)}%`,
                background: fillOf(run.state),
              }}
            />
          </Link>
        </Tip>
      ))}
    </div>
  )
}
