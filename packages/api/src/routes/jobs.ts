import { z } from "@hono/zod-openapi"
import type { RoleRow } from "@sluice/core/store"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import { instant, instantOf } from "../wire/instant.ts"
import { badOrder, flag, instants, listOf, orderOf, paging, rangeOf } from "../wire/query.ts"
import { json } from "../wire/text.ts"
import { idOf } from "./dag-catalog.ts"

/** The most processes that are looked at. */
const rolesMax = 1_000

const nullableInstant = instant.nullable()

const jobSchema = z
  .object({
    id: z.int(),
    dag_id: z.string().nullable(),
    state: z.string().nullable(),
    job_type: z.string().nullable(),
    start_date: nullableInstant,
    end_date: nullableInstant,
    latest_heartbeat: nullableInstant,
    executor_class: z.string().nullable(),
    hostname: z.string().nullable(),
    unixname: z.string().nullable(),
    dag_display_name: z.string().nullable(),
    // What Airflow has not: the role by its own name, and its process.
    role: z.string(),
    pid: z.int(),
  })
  .openapi("JobResponse")

const jobsSchema = z
  .object({ jobs: z.array(jobSchema), total_entries: z.int() })
  .openapi("JobCollectionResponse")

const listJobs = endpoint({
  method: "get",
  path: "/jobs",
  operationId: "get_jobs",
  tags: ["Job"],
  summary: "The processes that work on this database, by role",
  role: "viewer",
  request: {
    query: z.object({
      ...paging,
      is_alive: flag.optional(),
      ...instants("start_date"),
      ...instants("end_date"),
      job_state: z.string().optional(),
      job_type: z.string().optional(),
      hostname: z.string().optional(),
      executor_class: z.string().optional(),
      order_by: listOf(z.string()),
    }),
  },
  responses: {
    200: json("Processes, and how many there are.", jobsSchema),
    400: badOrder,
  },
})

const orders = {
  id: "id",
  state: "state",
  job_type: "job_type",
  start_date: "start_date",
  end_date: "end_date",
  latest_heartbeat: "latest_heartbeat",
  hostname: "hostname",
} as const

/** The roles, as Airflow's jobs. */
export function jobRoutes() {
  return makeRouter().openapi(listJobs, async (c) => {
    const query = c.req.valid("query")
    const [{ by, isDescending } = { by: "id", isDescending: false } as const] = orderOf(
      query.order_by,
      orders,
    )
    const started = rangeOf<Date, "start_date">(query, "start_date")
    const ended = rangeOf<Date, "end_date">(query, "end_date")
    const roles = await Effect.runPromise(c.var.services.store.listRoles({ limit: rolesMax }))
    const jobs = roles
      .filter((role) => query.is_alive === undefined || role.isAlive === query.is_alive)
      .map(toJob)
      .filter((job) => query.job_state === undefined || job.state === query.job_state)
      .filter((job) => query.job_type === undefined || job.job_type === query.job_type)
      .filter((job) => query.hostname === undefined || job.hostname === query.hostname)
      .filter(() => query.executor_class === undefined)
      .filter((job) => isWithin(job.start_date, started) && isWithin(job.end_date, ended))
      .toSorted((a, b) => compare(a[by], b[by]) * (isDescending ? -1 : 1))
    const shown = jobs.slice(query.offset, query.offset + query.limit)
    return c.json({ jobs: shown, total_entries: jobs.length }, 200)
  })
}

const jobTypes: Readonly<Record<string, string>> = {
  scheduler: "SchedulerJob",
  triggerer: "TriggererJob",
  "dag-processor": "DagProcessorJob",
}

function toJob(role: RoleRow): z.infer<typeof jobSchema> {
  return {
    id: idOf(role.id),
    dag_id: null,
    state: role.isAlive ? "running" : "failed",
    job_type: jobTypes[role.role] ?? role.role,
    start_date: instantOf(role.startedAt),
    end_date: instantOf(role.diedAt),
    latest_heartbeat: instantOf(role.heartbeatAt),
    executor_class: null,
    hostname: role.hostname,
    unixname: null,
    dag_display_name: null,
    role: role.role,
    pid: role.pid,
  }
}

function compare(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? 1 : -1
  return a < b ? -1 : 1
}

function isWithin(value: string | null, range: ReturnType<typeof rangeOf<Date, "start_date">>): boolean {
  if (range === undefined) return true
  if (value === null) return false
  const at = new Date(value)
  const { gte, gt, lte, lt } = range
  return (
    (gte === undefined || at >= gte) &&
    (gt === undefined || at > gt) &&
    (lte === undefined || at <= lte) &&
    (lt === undefined || at < lt)
  )
}
