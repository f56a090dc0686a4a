/** What a view shows at once, where the lists beside it would take a request for each row. */
import { z } from "@hono/zod-openapi"
import { partsOfExpansionId, userRoles } from "@sluice/core/store"
import { Effect } from "effect"
import type { JSONValue } from "hono/utils/types"
import { mayAct } from "../auth/roles.ts"
import { endpoint, makeRouter } from "../endpoint.ts"
import { endedOf } from "../expansions/window.ts"
import { dagRunSchema, toDagRun } from "../wire/dag-run.ts"
import { expansionSchema, instancesOf } from "../wire/expansion.ts"
import { dagName } from "../wire/names.ts"
import { listOf, readCursor, whole, writeCursor } from "../wire/query.ts"
import { taskSchema, toTask } from "../wire/task.ts"
import { json } from "../wire/text.ts"
import { findVersion } from "./dag-catalog.ts"

/** Who asks, and what is refused to them. */
export const meSchema = z
  .object({
    name: z.string(),
    kind: z.enum(["user", "token"]),
    role: z.enum(userRoles),
    refused_operations: z
      .record(z.string(), z.enum(userRoles))
      .describe("What this role may not do: operations by their id, each with the role that it needs."),
  })
  .openapi("ActorResponse")

const getMe = endpoint({
  method: "get",
  path: "/me",
  operationId: "get_me",
  tags: ["Login"],
  summary: "Whose token this is, and what it may do",
  role: "viewer",
  responses: { 200: json("The bearer.", meSchema) },
})

/** A DAG version's shape. */
export const structureSchema = z
  .object({
    dag_id: z.string(),
    version_number: z.int(),
    description: z.string().nullable(),
    params_schema: z.unknown(),
    tasks: z.array(taskSchema),
    task_groups: z.array(z.object({ group_id: z.string(), parent_id: z.string().nullable() })),
    loops: z.array(
      z.object({
        loop_id: z.string().describe("The id of its task group."),
        iterations: z
          .string()
          .describe("The source that it goes round with: its next item is what `ends` have left."),
        body: z.array(z.string()),
        ends: z.array(z.string()).describe("What an iteration waits for; it results in the first."),
        max_iterations: z.int(),
      }),
    ),
    edges: z.array(
      z.object({
        upstream: z.string(),
        downstream: z.string(),
        kind: z.enum(["complete", "stream"]),
        holds_back: z.boolean(),
      }),
    ),
  })
  .openapi("DAGStructureResponse")

const getStructure = endpoint({
  method: "get",
  path: "/dags/{dag_id}/structure",
  operationId: "get_dag_structure",
  tags: ["DAG"],
  summary: "The tasks of a DAG's version, upstream first, and what flows between them",
  role: "viewer",
  request: { params: dagName, query: z.object({ version_number: whole(0).optional() }) },
  responses: { 200: json("Tasks and edges.", structureSchema) },
})

/** The most runs of a page of the grid. */
const gridRunsMax = 50

/** The runs of a DAG, each with how its tasks stand. */
export const gridSchema = z
  .object({
    runs: z.array(
      z.object({
        run: dagRunSchema,
        tasks: z.array(
          z.object({
            task_id: z.string(),
            state: expansionSchema.shape.state,
            kind: expansionSchema.shape.kind,
            discovered: z.int(),
            exhausted: z.boolean(),
            ended: z.int(),
            instances: expansionSchema.shape.instances,
          }),
        ),
      }),
    ),
    next_cursor: z.string().nullable(),
  })
  .openapi("DAGGridResponse")

const getGrid = endpoint({
  method: "get",
  path: "/dags/{dag_id}/grid",
  operationId: "get_dag_grid",
  tags: ["DAG"],
  summary: "The newest runs of a DAG, each with how its tasks stand, by keyset",
  role: "viewer",
  request: {
    params: dagName,
    query: z.object({
      limit: whole(1)
        .transform((limit) => Math.min(limit, gridRunsMax))
        .default(25),
      cursor: z.string().max(1_000).optional(),
    }),
  },
  responses: { 200: json("Runs, the newest first, and where to go on.", gridSchema) },
})

/** The most runs of each DAG that are told at once, and of how many DAGs. */
const recentRunsMax = 20
const recentDagsMax = 100

/** The newest runs of some DAGs. */
export const recentRunsSchema = z
  .object({ dags: z.array(z.object({ dag_id: z.string(), dag_runs: z.array(dagRunSchema) })) })
  .openapi("RecentDAGRunsResponse")

const getRecentRuns = endpoint({
  method: "get",
  path: "/recentDagRuns",
  operationId: "get_recent_dag_runs",
  tags: ["DagRun"],
  summary: `The newest runs of up to ${recentDagsMax} DAGs`,
  role: "viewer",
  request: {
    query: z.object({
      dag_ids: listOf(z.string()),
      limit: whole(1)
        .transform((limit) => Math.min(limit, recentRunsMax))
        .default(14),
    }),
  },
  responses: { 200: json("For each DAG its runs, the newest first.", recentRunsSchema) },
})

/** Where the grid goes on: after this run. */
const gridCursor = z.strictObject({ a: z.string().regex(/^\d{1,18}$/) })

/** What views show. */
export function viewRoutes() {
  return makeRouter()
    .openapi(getMe, (c) => {
      const { name, kind, role } = c.var.actor
      const refused = [...c.var.services.rolesOfOperations()].flatMap(([operation, needed]) =>
        needed === "public" || mayAct(role, needed) ? [] : [[operation, needed] as const],
      )
      return c.json({ name, kind, role, refused_operations: Object.fromEntries(refused) }, 200)
    })
    .openapi(getStructure, async (c) => {
      const { store, dagVersions } = c.var.services
      const { dag_id: dagId } = c.req.valid("param")
      const { version_number: asked } = c.req.valid("query")
      const { id, versionNumber } = await findVersion(store, dagId, asked)
      const { dag } = await dagVersions(id)
      const edges = dag.edges.map(({ upstream, downstream, kind, holdsBack }) => ({
        ...{ upstream, downstream, kind, holds_back: holdsBack },
      }))
      return c.json(
        {
          dag_id: dagId,
          version_number: versionNumber,
          description: dag.description,
          params_schema: dag.paramsSchema as JSONValue,
          task_groups: dag.groups.map(({ groupId, parent }) => ({ group_id: groupId, parent_id: parent })),
          loops: dag.loops.map(({ loopId, iterations, body, ends, maxIterations }) => ({
            ...{
              loop_id: loopId,
              iterations,
              body: [...body],
              ends: [...ends],
              max_iterations: maxIterations,
            },
          })),
          tasks: dag.tasks.map((task) => toTask(dag, task)),
          edges,
        },
        200,
      )
    })
    .openapi(getGrid, async (c) => {
      const { store } = c.var.services
      const { dag_id: dagId } = c.req.valid("param")
      const { limit, cursor } = c.req.valid("query")
      await Effect.runPromise(store.dagSummary(dagId))
      const after = cursor === undefined ? null : readCursor(cursor, gridCursor).a
      const page = { filter: { dagIds: [dagId] }, isDescending: true, after, limit: limit + 1 }
      const found = await Effect.runPromise(store.pageDagRuns(page))
      const runs = found.slice(0, limit)
      const dagRunIds = runs.map((run) => run.id)
      const views = runs.length === 0 ? [] : await Effect.runPromise(store.expansionsOfRuns({ dagRunIds }))
      const byRun = Map.groupBy(views, (view) => partsOfExpansionId(view.expansionId).dagRunId)
      const last = runs.at(-1)
      return c.json(
        {
          runs: runs.map((run) => ({
            run: toDagRun(run),
            tasks: (byRun.get(run.id) ?? []).map((view) => ({
              task_id: view.taskId,
              state: view.state,
              kind: view.kind,
              discovered: view.created,
              exhausted: view.exhausted,
              ended: endedOf(view),
              instances: instancesOf(view),
            })),
          })),
          next_cursor: found.length > limit && last !== undefined ? writeCursor({ a: last.id }) : null,
        },
        200,
      )
    })
    .openapi(getRecentRuns, async (c) => {
      const { store } = c.var.services
      const { dag_ids: dagIds = [], limit } = c.req.valid("query")
      const dags: z.output<typeof recentRunsSchema>["dags"] = []
      // Each is a walk of an index, as long as what it gives: one after another, so that one view takes one connection.
      for (const dagId of dagIds.slice(0, recentDagsMax)) {
        const page = { filter: { dagIds: [dagId] }, isDescending: true, after: null, limit }
        const runs = await Effect.runPromise(store.pageDagRuns(page))
        dags.push({ dag_id: dagId, dag_runs: runs.map(toDagRun) })
      }
      return c.json({ dags }, 200)
    })
}
