import { useQuery } from "@tanstack/react-query"
import { healthQuery, type Job, jobsQuery } from "../api/queries.ts"
import { Loaded } from "../components/feedback.tsx"
import { Panel } from "../components/page.tsx"
import { State } from "../components/state.tsx"
import { Table } from "../components/table.tsx"
import { Time } from "../components/time.tsx"
import { count } from "../model/format.ts"

/** The roles, and the processes that play them. */
export function AdminHealth() {
  const health = useQuery(healthQuery)
  const jobs = useQuery(jobsQuery)
  return (
    <div className="flex flex-col gap-3">
      <Panel title="Roles">
        <Loaded query={health} rows={3}>
          {({ roles, metadatabase }) => (
            <ul className="m-0 grid list-none grid-cols-2 gap-y-1 p-1 sm:grid-cols-3 lg:grid-cols-5">
              <RoleCell name="database" isHealthy={metadatabase.status === "healthy"} heardAt={null} />
              {Object.entries(roles).map(([name, role]) => (
                <RoleCell
                  key={name}
                  name={name}
                  isHealthy={role.status === "healthy"}
                  heardAt={role.latest_heartbeat}
                />
              ))}
            </ul>
          )}
        </Loaded>
      </Panel>
      <Panel title="Processes">
        <Loaded query={jobs} rows={5}>
          {({ jobs: rows, total_entries: all }) => (
            <>
              <Table
                head={
                  <>
                    <th>Role</th>
                    <th>Host</th>
                    <th className="num">Process</th>
                    <th>State</th>
                    <th className="hidden sm:table-cell">Began</th>
                    <th>Last heard of</th>
                  </>
                }
              >
                {rows.map((job) => (
                  <JobRow key={job.id} job={job} />
                ))}
              </Table>
              {rows.length < all && (
                <p className="m-0 border-t border-line px-3 py-2 text-xs text-muted">
                  {count(rows.length)} of {count(all)}
                </p>
              )}
            </>
          )}
        </Loaded>
      </Panel>
    </div>
  )
}

function RoleCell({
  name,
  isHealthy,
  heardAt,
}: {
  readonly name: string
  readonly isHealthy: boolean
  readonly heardAt: string | null
}) {
  return (
    <li className="p-2.5">
      <div className="font-semibold">{name}</div>
      <State state={isHealthy ? "success" : "failed"} label={isHealthy ? "healthy" : "unhealthy"} />
      {heardAt !== null && (
        <div className="text-xs text-muted">
          heard <Time at={heardAt} isRelative />
        </div>
      )}
    </li>
  )
}

function JobRow({ job }: { readonly job: Job }) {
  const isAlive = job.state === "running"
  return (
    <tr data-row>
      <td className="font-medium">{job.role}</td>
      <td className="font-mono text-xs">{job.hostname}</td>
      <td className="num font-mono text-xs">{job.pid}</td>
      <td>
        <State state={isAlive ? "success" : "failed"} label={job.state ?? "unknown"} />
      </td>
      <td className="hidden sm:table-cell">
        <Time at={job.start_date} />
      </td>
      <td>
        <Time at={job.latest_heartbeat} isRelative />
      </td>
    </tr>
  )
}
