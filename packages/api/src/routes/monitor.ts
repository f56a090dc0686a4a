import { z } from "@hono/zod-openapi"
import { isTagged, type RoleRow, type StoreService } from "@sluice/core/store"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import { instantOf } from "../wire/instant.ts"

/** The most processes that are looked at. */
const rolesMax = 1_000

const status = z.enum(["healthy", "unhealthy"]).nullable()

const roleHealthSchema = z.object({ status, latest_heartbeat: z.string().nullable() }).openapi("RoleHealth")

const healthSchema = z
  .object({
    metadatabase: z.object({ status }),
    scheduler: z.object({ status, latest_scheduler_heartbeat: z.string().nullable() }),
    triggerer: z.object({ status, latest_triggerer_heartbeat: z.string().nullable() }),
    dag_processor: z.object({ status, latest_dag_processor_heartbeat: z.string().nullable() }).nullable(),
    /** Every role that has been heard of, by its name. */
    roles: z.record(z.string(), roleHealthSchema),
  })
  .openapi("HealthInfoResponse")

const versionSchema = z
  .object({ version: z.string(), git_version: z.string().nullable() })
  .openapi("VersionInfo")

const health = endpoint({
  method: "get",
  path: "/monitor/health",
  operationId: "get_health",
  tags: ["Monitor"],
  summary: "How the database and each role are",
  role: "public",
  responses: {
    200: {
      description: "The state of each part; the request itself succeeds while the server answers.",
      content: { "application/json": { schema: healthSchema } },
    },
  },
})

const version = endpoint({
  method: "get",
  path: "/version",
  operationId: "get_version",
  tags: ["Version"],
  summary: "The version of Sluice that answers",
  role: "public",
  responses: {
    200: { description: "The version.", content: { "application/json": { schema: versionSchema } } },
  },
})

/** What anybody may ask: is it well, and which version is it. */
export function monitorRoutes() {
  return makeRouter()
    .openapi(health, async (c) => c.json(await healthOf(c.var.services.store), 200))
    .openapi(version, (c) => c.json({ version: c.var.services.version, git_version: null }, 200))
}

async function healthOf(store: StoreService): Promise<z.infer<typeof healthSchema>> {
  const rows = await rolesOf(store)
  const of = (role: string) => roleHealth((rows ?? []).filter((row) => row.role === role))
  const [scheduler, triggerer, dagProcessor] = [of("scheduler"), of("triggerer"), of("dag-processor")]
  const names = [...new Set((rows ?? []).map((row) => row.role))].sort()
  return {
    metadatabase: { status: rows === null ? "unhealthy" : "healthy" },
    // Without a scheduler nothing goes on, so its absence is no health; the others need not be there.
    scheduler: {
      status: scheduler.status ?? "unhealthy",
      latest_scheduler_heartbeat: scheduler.latest_heartbeat,
    },
    triggerer: { status: triggerer.status, latest_triggerer_heartbeat: triggerer.latest_heartbeat },
    dag_processor:
      dagProcessor.status === null
        ? null
        : { status: dagProcessor.status, latest_dag_processor_heartbeat: dagProcessor.latest_heartbeat },
    roles: Object.fromEntries(names.map((name) => [name, of(name)])),
  }
}

/** Null when the database does not answer: that is what is asked about. */
async function rolesOf(store: StoreService): Promise<readonly RoleRow[] | null> {
  try {
    return await Effect.runPromise(store.listRoles({ limit: rolesMax }))
  } catch (error) {
    if (isTagged(error, "StoreUnavailable")) return null
    throw error
  }
}

function roleHealth(rows: readonly RoleRow[]): z.infer<typeof roleHealthSchema> {
  const latest = rows.reduce<Date | null>(
    (last, row) => (last === null || row.heartbeatAt > last ? row.heartbeatAt : last),
    null,
  )
  if (latest === null) return { status: null, latest_heartbeat: null }
  const isHealthy = rows.some((row) => row.isAlive)
  return { status: isHealthy ? "healthy" : "unhealthy", latest_heartbeat: instantOf(latest) }
}
