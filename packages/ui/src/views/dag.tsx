import { useQuery } from "@tanstack/react-query"
import { Link, Outlet, useLocation, useNavigate, useParams } from "@tanstack/react-router"
import { Play, Trash2 } from "lucide-react"
import { useState } from "react"
import { api, path } from "../api/client.ts"
import { dagQuery } from "../api/queries.ts"
import { Button } from "../components/button.tsx"
import { ConfirmDialog } from "../components/confirm-dialog.tsx"
import { Loaded } from "../components/feedback.tsx"
import { useAction } from "../components/mutation.ts"
import { PageHead, Tab, Tabs } from "../components/page.tsx"
import { useDenied } from "../components/role.ts"
import { Time } from "../components/time.tsx"
import { PauseDagButton } from "./dags.tsx"
import { TriggerDialog } from "./trigger-dialog.tsx"

const tabs = [
  { to: "grid", label: "Grid" },
  { to: "graph", label: "Graph" },
  { to: "runs", label: "Runs" },
  { to: "calendar", label: "Calendar" },
  { to: "code", label: "Code" },
  { to: "versions", label: "Versions" },
  { to: "backfills", label: "Backfills" },
  { to: "events", label: "Event log" },
] as const

/** A DAG: what it is, its views, and what one can do with it. */
export function DagView() {
  const { dagId } = useParams({ from: "/shell/dags/$dagId" })
  const dag = useQuery(dagQuery(dagId))
  const denied = useDenied()
  const pathname = useLocation({ select: (location) => location.pathname })
  const [isTriggering, setTriggering] = useState(false)
  return (
    <Loaded query={dag}>
      {(details) => (
        <>
          <PageHead
            trail={
              <Link to="/dags" className="hover:text-ink hover:underline">
                DAGs
              </Link>
            }
            title={details.dag_id}
            meta={
              <>
                {details.description !== null && <span>{details.description}</span>}
                {details.timetable_summary !== null && (
                  <span className="font-mono text-xs">{details.timetable_summary}</span>
                )}
                {details.next_dagrun_run_after !== null && (
                  <span>
                    next run <Time at={details.next_dagrun_run_after} isRelative />
                  </span>
                )}
                {details.is_paused && (
                  <span className="font-medium text-(--s-retry)">paused: no new run starts</span>
                )}
                {details.is_stale && (
                  <span className="font-medium text-danger">not in its file any more</span>
                )}
                {details.latest_dag_version !== null && (
                  <Link
                    to="/dags/$dagId/versions"
                    params={{ dagId }}
                    className="hover:text-ink hover:underline"
                  >
                    version {details.latest_dag_version.version_number}
                  </Link>
                )}
              </>
            }
            actions={
              <>
                <DeleteDagButton dagId={dagId} />
                <PauseDagButton dag={details} />
                <Button look="primary" denied={denied("trigger_dag_run")} onClick={() => setTriggering(true)}>
                  <Play size={14} aria-hidden /> Trigger
                </Button>
              </>
            }
          />
          <Tabs label="Of this DAG">
            {tabs.map(({ to, label }) => (
              <Tab
                key={to}
                to={`/dags/$dagId/${to}`}
                params={{ dagId }}
                isCurrent={pathname.endsWith(`/${to}`)}
              >
                {label}
              </Tab>
            ))}
          </Tabs>
          <Outlet />
          {isTriggering && <TriggerDialog dagId={dagId} onClose={() => setTriggering(false)} />}
        </>
      )}
    </Loaded>
  )
}

function DeleteDagButton({ dagId }: { readonly dagId: string }) {
  const [isAsking, setAsking] = useState(false)
  const denied = useDenied()("delete_dag")
  const navigate = useNavigate()
  const remove = useAction({
    run: () => api<null>(path`/dags/${dagId}`, { method: "DELETE" }),
    touches: [["dags"]],
    done: () => `Deleted the DAG ${dagId}.`,
    onDone: () => void navigate({ to: "/dags" }),
  })
  return (
    <>
      <Button denied={denied} onClick={() => setAsking(true)}>
        <Trash2 size={14} aria-hidden /> Delete
      </Button>
      {isAsking && (
        <ConfirmDialog
          title="Delete this DAG?"
          description="All its runs go with it, with results and logs. While its file defines it, it comes back without them."
          confirm="Delete the DAG"
          isPending={remove.isPending}
          onConfirm={() => remove.mutate(undefined)}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  )
}
