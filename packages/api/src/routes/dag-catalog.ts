import { createHash } from "node:crypto"
import { z } from "@hono/zod-openapi"
import type { DagFileRow, DagVersionSummary, StoreService } from "@sluice/core/store"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import { ApiError, httpExceptionSchema, notFound } from "../problem.ts"
import { changesOf, dagChangesSchema } from "../wire/dag-changes.ts"
import { dagVersionSchema, toDagVersion } from "../wire/dag-version.ts"
import { dagRunStates } from "../wire/enums.ts"
import { instant, instantOf } from "../wire/instant.ts"
import { dagName } from "../wire/names.ts"
import { badOrder, bigintMax, listOf, orderOf, paging, pattern, whole } from "../wire/query.ts"
import { json } from "../wire/text.ts"
import { fitsPattern } from "./instance-filter.ts"

const versionsSchema = z
  .object({ dag_versions: z.array(dagVersionSchema), total_entries: z.int() })
  .openapi("DAGVersionCollectionResponse")

const listVersions = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagVersions",
  operationId: "get_dag_versions",
  tags: ["DagVersion"],
  summary: "The versions of a DAG, or of all (~)",
  role: "viewer",
  request: {
    params: dagName,
    query: z.object({
      ...paging,
      version_number: whole(0).optional(),
      bundle_name: z.string().optional(),
      bundle_version: z.string().optional(),
      order_by: listOf(z.string()),
    }),
  },
  responses: { 200: json("Versions, and how many there are.", versionsSchema), 400: badOrder },
})

const getVersion = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagVersions/{version_number}",
  operationId: "get_dag_version",
  tags: ["DagVersion"],
  summary: "One version of a DAG",
  role: "viewer",
  request: { params: dagName.extend({ version_number: whole(0) }) },
  responses: { 200: json("The version.", dagVersionSchema) },
})

const getChanges = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagVersions/{version_number}/changes",
  operationId: "get_dag_version_changes",
  tags: ["DagVersion"],
  summary: "What differs between a version of a DAG and another: options, tasks, groups, edges",
  role: "viewer",
  request: {
    params: dagName.extend({ version_number: whole(0) }),
    query: z.object({
      base_version_number: whole(0)
        .optional()
        .describe("What it is compared with. Default: the version before it."),
    }),
  },
  responses: { 200: json("What differs.", dagChangesSchema) },
})

const tagsSchema = z
  .object({ tags: z.array(z.string()), total_entries: z.int() })
  .openapi("DAGTagCollectionResponse")

const listTags = endpoint({
  method: "get",
  path: "/dagTags",
  operationId: "get_dag_tags",
  tags: ["DAG"],
  summary: "The tags of all DAGs",
  role: "viewer",
  request: { query: z.object({ ...paging, order_by: listOf(z.string()), tag_name_pattern: pattern }) },
  responses: { 200: json("Tags, and how many there are.", tagsSchema), 400: badOrder },
})

const statsSchema = z
  .object({
    dags: z.array(
      z.object({
        dag_id: z.string(),
        dag_display_name: z.string(),
        stats: z.array(z.object({ state: z.enum(dagRunStates), count: z.int() })),
      }),
    ),
    total_entries: z.int(),
  })
  .openapi("DagStatsCollectionResponse")

/** The most DAGs whose runs are counted at once. */
const dagsCountedMax = 1_000

const getStats = endpoint({
  method: "get",
  path: "/dagStats",
  operationId: "get_dag_stats",
  tags: ["DAG"],
  summary: "How many runs of each DAG are in each state",
  role: "viewer",
  request: { query: z.object({ dag_ids: listOf(z.string()) }) },
  responses: { 200: json("Counts.", statsSchema) },
})

const sourceSchema = z
  .object({
    content: z.string().nullable(),
    dag_id: z.string(),
    version_number: z.int().nullable(),
    dag_display_name: z.string(),
  })
  .openapi("DAGSourceResponse")

const getSource = endpoint({
  method: "get",
  path: "/dagSources/{dag_id}",
  operationId: "get_dag_source",
  tags: ["DagSource"],
  summary: "The bundled code of a DAG's version",
  role: "viewer",
  request: { params: dagName, query: z.object({ version_number: whole(0).optional() }) },
  responses: {
    200: {
      description: "The module that runs, with all that the DAG file imports.",
      content: { "application/json": { schema: sourceSchema }, "text/plain": { schema: z.string() } },
    },
    406: json("Neither JSON nor text is wanted.", httpExceptionSchema),
  },
})

const importErrorSchema = z
  .object({
    import_error_id: z.int(),
    timestamp: instant,
    filename: z.string(),
    bundle_name: z.string().nullable(),
    stack_trace: z.string(),
  })
  .openapi("ImportErrorResponse")

const importErrorsSchema = z
  .object({ import_errors: z.array(importErrorSchema), total_entries: z.int() })
  .openapi("ImportErrorCollectionResponse")

/** The most broken files that are looked at. */
const importErrorsMax = 1_000

const listImportErrors = endpoint({
  method: "get",
  path: "/importErrors",
  operationId: "get_import_errors",
  tags: ["Import Error"],
  summary: "DAG files that cannot be used, and why",
  role: "viewer",
  request: { query: z.object({ ...paging, order_by: listOf(z.string()), filename_pattern: pattern }) },
  responses: { 200: json("Errors, and how many there are.", importErrorsSchema), 400: badOrder },
})

const getImportError = endpoint({
  method: "get",
  path: "/importErrors/{import_error_id}",
  operationId: "get_import_error",
  tags: ["Import Error"],
  summary: "Why one DAG file cannot be used",
  role: "viewer",
  request: { params: z.object({ import_error_id: whole(0, bigintMax) }) },
  responses: { 200: json("The error.", importErrorSchema) },
})

/** What there is around DAGs: versions, tags, counts, code, broken files. */
export function dagCatalogRoutes() {
  return makeRouter()
    .openapi(listVersions, async (c) => {
      const { store } = c.var.services
      const { dag_id: dagId } = c.req.valid("param")
      const query = c.req.valid("query")
      if (dagId !== "~") await Effect.runPromise(store.dagSummary(dagId))
      const orders = orderOf(query.order_by, { id: "id", version_number: "id", created_at: "id" })
      const { version_number: versionNumber, bundle_version: bundleHash } = query
      const { rows, total } = await Effect.runPromise(
        store.listDagVersions({
          dagId: dagId === "~" ? null : dagId,
          ...(versionNumber !== undefined && { versionNumber }),
          // No bundle has a name, so none has the one that was asked for.
          ...(query.bundle_name !== undefined
            ? { bundleHash: "" }
            : bundleHash !== undefined && { bundleHash }),
          isNewestFirst: orders[0]?.isDescending ?? false,
          skip: query.offset,
          limit: query.limit,
        }),
      )
      return c.json({ dag_versions: rows.map(toDagVersion), total_entries: total }, 200)
    })
    .openapi(getVersion, async (c) => {
      const { dag_id: dagId, version_number: versionNumber } = c.req.valid("param")
      return c.json(toDagVersion(await versionOf(c.var.services.store, dagId, versionNumber)), 200)
    })
    .openapi(getChanges, async (c) => {
      const { store, dagVersions } = c.var.services
      const { dag_id: dagId, version_number: number } = c.req.valid("param")
      const { base_version_number: base = Math.max(1, number - 1) } = c.req.valid("query")
      const find = async (one: number) => dagVersions((await versionOf(store, dagId, one)).id)
      const [before, after] = [await find(base), await find(number)]
      return c.json(
        {
          ...{ dag_id: dagId, version_number: number, base_version_number: base },
          is_code_same: before.bundleHash === after.bundleHash,
          ...changesOf(before.dag, after.dag),
        },
        200,
      )
    })
    .openapi(listTags, async (c) => {
      const { offset: skip, limit, order_by: order, tag_name_pattern: patterns } = c.req.valid("query")
      const isDescending = orderOf(order, { name: "name" })[0]?.isDescending ?? false
      const { rows, total } = await Effect.runPromise(
        c.var.services.store.listDagTags({
          ...(patterns !== undefined && { patterns }),
          isDescending,
          skip,
          limit,
        }),
      )
      return c.json({ tags: [...rows], total_entries: total }, 200)
    })
    .openapi(getStats, async (c) => {
      const { store } = c.var.services
      const { dag_ids: given } = c.req.valid("query")
      const page = { filter: {}, orderBy: [], skip: 0, limit: dagsCountedMax }
      const all = await Effect.runPromise(store.searchDags(page))
      const dagIds = all.rows.map((dag) => dag.dagId).filter((id) => given?.includes(id) ?? true)
      const counts = await Effect.runPromise(store.countRunsByState({ dagIds }))
      const count = (dagId: string, state: string) =>
        counts.find((row) => row.dagId === dagId && row.state === state)?.count ?? 0
      const dags = dagIds.map((id) => ({
        dag_id: id,
        dag_display_name: id,
        stats: dagRunStates.map((state) => ({ state, count: count(id, state) })),
      }))
      return c.json({ dags, total_entries: dags.length }, 200)
    })
    .openapi(getSource, async (c) => {
      const { store } = c.var.services
      const { dag_id: dagId } = c.req.valid("param")
      const { version_number: asked } = c.req.valid("query")
      const { versionNumber, bundleHash } = await findVersion(store, dagId, asked)
      const { code } = await Effect.runPromise(store.loadBundle(bundleHash))
      const accept = c.req.header("accept") ?? "*/*"
      if (/application\/json|\*\/\*/.test(accept))
        return c.json(
          { content: code, dag_id: dagId, version_number: versionNumber, dag_display_name: dagId },
          200,
        )
      if (!accept.includes("text/plain"))
        throw new ApiError(
          406,
          `the media type "${accept}" is not served; expected application/json or text/plain`,
        )
      return c.text(code, 200)
    })
    .openapi(listImportErrors, async (c) => {
      const query = c.req.valid("query")
      const orders = orderOf(query.order_by, { id: "filename", filename: "filename", timestamp: "timestamp" })
      const errors = (await brokenFiles(c.var.services.store))
        .filter((file) => fitsPattern(file.path, query.filename_pattern))
        .toSorted((a, b) => (orders[0]?.by === "timestamp" ? Number(a.changedAt) - Number(b.changedAt) : 0))
      const ordered = orders[0]?.isDescending === true ? errors.toReversed() : errors
      const shown = ordered.slice(query.offset, query.offset + query.limit).map(toImportError)
      return c.json({ import_errors: shown, total_entries: ordered.length }, 200)
    })
    .openapi(getImportError, async (c) => {
      const { import_error_id: id } = c.req.valid("param")
      const found = (await brokenFiles(c.var.services.store)).find((file) => importErrorIdOf(file) === id)
      if (found === undefined) throw notFound("import error", String(id))
      return c.json(toImportError(found), 200)
    })
}

function brokenFiles(store: StoreService): Promise<readonly DagFileRow[]> {
  return Effect.runPromise(store.listDagFiles({ onlyErrors: true, after: null, limit: importErrorsMax }))
}

function importErrorIdOf({ folder, path }: DagFileRow): number {
  return idOf(`${folder}\n${path}`)
}

function toImportError(file: DagFileRow): z.infer<typeof importErrorSchema> {
  return {
    import_error_id: importErrorIdOf(file),
    timestamp: instantOf(file.changedAt),
    filename: file.path,
    bundle_name: null,
    stack_trace: file.importError?.stack ?? `${file.importError?.type}: ${file.importError?.message}`,
  }
}

/** A number for what has a name only, the same each time: 48 bits of its hash. */
export function idOf(name: string): number {
  return createHash("sha256").update(name).digest().readUIntBE(0, 6)
}

/** A version of a DAG: the one that was asked for, else the newest. */
export async function findVersion(
  store: StoreService,
  dagId: string,
  asked: number | undefined,
): Promise<DagVersionSummary> {
  const { version: newest } = await Effect.runPromise(store.dagSummary(dagId))
  return asked === undefined || asked === newest.versionNumber ? newest : versionOf(store, dagId, asked)
}

async function versionOf(
  store: StoreService,
  dagId: string,
  versionNumber: number,
): Promise<DagVersionSummary> {
  const slice = { dagId, versionNumber, isNewestFirst: true, skip: 0, limit: 1 }
  const [found] = (await Effect.runPromise(store.listDagVersions(slice))).rows
  if (found === undefined) throw notFound("DAG version", `${dagId}/${versionNumber}`)
  return found
}
