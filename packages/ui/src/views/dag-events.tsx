import { useParams } from "@tanstack/react-router"
import { EventTable } from "./event-table.tsx"

/** What was done to a DAG and its runs. */
export function DagEvents() {
  const { dagId } = useParams({ from: "/shell/dags/$dagId" })
  return <EventTable filter={{ dag_id: dagId }} />
}
