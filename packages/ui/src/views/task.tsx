import type { Expansion } from "@sluice/api/wire"
import { useQuery } from "@tanstack/react-query"
import { Link, Navigate, useParams, useSearch } from "@tanstack/react-router"
import { expansionsQuery, type TaskName } from "../api/queries.ts"
import { Loaded, Problem } from "../components/feedback.tsx"
import { Tab, Tabs } from "../components/page.tsx"
import { count } from "../model/format.ts"
import { DensityStrip } from "./map/density-strip.tsx"
import { MapErrors } from "./map/map-errors.tsx"
import { MapFigures } from "./map/map-figures.tsx"
import { MapHead } from "./map/map-head.tsx"
import { MapInstances } from "./map/map-instances.tsx"
import { MapPages } from "./map/map-pages.tsx"
import { MapResults } from "./map/map-results.tsx"
import { ApiProblem } from "../api/client.ts"

/** What of a map is shown: all of it is in the address. */
export interface TaskSearch {
  readonly tab?: "pages" | "errors" | "results" | undefined
  /** States of instances, with commas between. */
  readonly state?: string | undefined
  readonly key?: string | undefined
  /** Texts that its label and its error have, and the class that its error is of. */
  readonly label?: string | undefined
  readonly error?: string | undefined
  readonly class?: string | undefined
  /** How results are shown: as a table, unless it is said otherwise. */
  readonly as?: "json" | undefined
  /** The index that the list is brought to, or the result that is shown whole. */
  readonly at?: number | undefined
  /** The part that the strip and the list show: the first index, and the one past the last. */
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/** A task of a run: a map as it unrolls. A task that is not mapped is its one instance. */
export function TaskView() {
  const name = useParams({ from: "/shell/dags/$dagId/runs/$runId/tasks/$taskId" })
  const expansions = useQuery(expansionsQuery(name))
  return (
    <Loaded query={expansions}>
      {({ expansions: all }) => {
        const expansion = all.find(({ task_id }) => task_id === name.taskId)
        if (expansion === undefined)
          return <Problem error={new ApiProblem(404, `The run has no task "${name.taskId}".`)} />
        if (expansion.kind === "task")
          return (
            <Navigate
              to="/dags/$dagId/runs/$runId/tasks/$taskId/$mapIndex"
              params={{ ...name, mapIndex: "-1" }}
              replace
            />
          )
        return <MapView name={name} expansion={expansion} />
      }}
    </Loaded>
  )
}

/** What is looked at below the figures of a map. */
function MapView({ name, expansion }: { readonly name: TaskName; readonly expansion: Expansion }) {
  const { tab = "instances" } = useSearch({ from: "/shell/dags/$dagId/runs/$runId/tasks/$taskId" })
  const failed = expansion.instances.failed + expansion.instances.up_for_retry
  const hasInstances = expansion.kind === "mapped"
  const link = (next: TaskSearch["tab"]) => ({
    to: "/dags/$dagId/runs/$runId/tasks/$taskId" as const,
    params: name,
    search: (before: TaskSearch) => ({ ...before, tab: next }),
  })
  return (
    <>
      <MapHead name={name} expansion={expansion} />
      <MapFigures name={name} expansion={expansion} />
      {hasInstances && <DensityStrip name={name} expansion={expansion} />}
      <div className="mt-3">
        <Tabs label="Of this map">
          {hasInstances && (
            <Tab {...link(undefined)} isCurrent={tab === "instances"}>
              Instances
            </Tab>
          )}
          <Tab {...link("pages")} isCurrent={tab === "pages" || (!hasInstances && tab === "instances")}>
            Pages <span className="text-xs text-muted">{count(expansion.pages)}</span>
          </Tab>
          {hasInstances && (
            <Tab {...link("errors")} isCurrent={tab === "errors"}>
              Errors{" "}
              {failed > 0 && <span className="text-xs font-semibold text-danger">{count(failed)}</span>}
            </Tab>
          )}
          {expansion.kind !== "fused" && (
            <Tab {...link("results")} isCurrent={tab === "results"}>
              Results
            </Tab>
          )}
        </Tabs>
        {tab === "instances" && hasInstances && <MapInstances name={name} expansion={expansion} />}
        {(tab === "pages" || (tab === "instances" && !hasInstances)) && (
          <MapPages name={name} expansion={expansion} />
        )}
        {tab === "errors" && <MapErrors name={name} expansion={expansion} />}
        {tab === "results" && <MapResults name={name} expansion={expansion} />}
      </div>
    </>
  )
}

/** The trail to a task of a run. */
export function TaskTrail({ name, isAtTask }: { readonly name: TaskName; readonly isAtTask: boolean }) {
  const { dagId, runId, taskId } = name
  const link = "hover:text-ink hover:underline max-w-60 truncate"
  return (
    <>
      <Link to="/dags" className={link}>
        DAGs
      </Link>
      <span aria-hidden>/</span>
      <Link to="/dags/$dagId" params={{ dagId }} className={link}>
        {dagId}
      </Link>
      <span aria-hidden>/</span>
      <Link to="/dags/$dagId/runs/$runId" params={{ dagId, runId }} className={link}>
        {runId}
      </Link>
      {!isAtTask && (
        <>
          <span aria-hidden>/</span>
          <Link
            to="/dags/$dagId/runs/$runId/tasks/$taskId"
            params={{ dagId, runId, taskId }}
            className={link}
          >
            {taskId}
          </Link>
        </>
      )}
    </>
  )
}
