/**
 * What Airflow has and there is none of here, for clients that ask: the lists are empty. DAGs import packages of their own,
 * which no server knows; assets have one name; and what Airflow warns of refuses a DAG file here, or a version of it.
 */
import { z } from "@hono/zod-openapi"
import { endpoint, makeRouter } from "../endpoint.ts"
import { notFound } from "../problem.ts"
import { badOrder, bigintMax, listOf, orderOf, paging, pattern, whole } from "../wire/query.ts"
import { instant } from "../wire/instant.ts"
import { json } from "../wire/text.ts"

const providersSchema = z
  .object({
    providers: z.array(
      z.object({
        package_name: z.string(),
        description: z.string(),
        version: z.string(),
        documentation_url: z.string().nullable(),
      }),
    ),
    total_entries: z.int(),
  })
  .openapi("ProviderCollectionResponse")

const listProviders = endpoint({
  method: "get",
  path: "/providers",
  operationId: "get_providers",
  tags: ["Provider"],
  summary: "None: what DAGs import is bundled with them",
  role: "viewer",
  request: { query: z.object(paging) },
  responses: { 200: json("An empty list.", providersSchema) },
})

const pluginsSchema = z
  .object({ plugins: z.array(z.object({ name: z.string() })), total_entries: z.int() })
  .openapi("PluginCollectionResponse")

const listPlugins = endpoint({
  method: "get",
  path: "/plugins",
  operationId: "get_plugins",
  tags: ["Plugin"],
  summary: "None: there are no plugins",
  role: "viewer",
  request: { query: z.object(paging) },
  responses: { 200: json("An empty list.", pluginsSchema) },
})

const pluginErrorsSchema = z
  .object({
    import_errors: z.array(z.object({ source: z.string(), error: z.string() })),
    total_entries: z.int(),
  })
  .openapi("PluginImportErrorCollectionResponse")

const listPluginErrors = endpoint({
  method: "get",
  path: "/plugins/importErrors",
  operationId: "import_errors",
  tags: ["Plugin"],
  summary: "None: there are no plugins",
  role: "viewer",
  responses: { 200: json("An empty list.", pluginErrorsSchema) },
})

const aliasSchema = z
  .object({ id: z.int(), name: z.string(), group: z.string() })
  .openapi("AssetAliasResponse")

const aliasesSchema = z
  .object({ asset_aliases: z.array(aliasSchema), total_entries: z.int() })
  .openapi("AssetAliasCollectionResponse")

const listAliases = endpoint({
  method: "get",
  path: "/assets/aliases",
  operationId: "get_asset_aliases",
  tags: ["Asset"],
  summary: "None: assets have no aliases",
  role: "viewer",
  request: { query: z.object({ ...paging, name_pattern: pattern, order_by: listOf(z.string()) }) },
  responses: { 200: json("An empty list.", aliasesSchema), 400: badOrder },
})

const getAlias = endpoint({
  method: "get",
  path: "/assets/aliases/{asset_alias_id}",
  operationId: "get_asset_alias",
  tags: ["Asset"],
  summary: "None: assets have no aliases",
  role: "viewer",
  request: { params: z.object({ asset_alias_id: whole(0, bigintMax) }) },
  responses: { 200: json("Never.", aliasSchema) },
})

const warningTypes = ["asset conflict", "non-existent pool", "runtime varying value"] as const

const warningsSchema = z
  .object({
    dag_warnings: z.array(
      z.object({
        dag_id: z.string(),
        warning_type: z.enum(warningTypes),
        message: z.string(),
        timestamp: instant,
        dag_display_name: z.string(),
      }),
    ),
    total_entries: z.int(),
  })
  .openapi("DAGWarningCollectionResponse")

const listWarnings = endpoint({
  method: "get",
  path: "/dagWarnings",
  operationId: "list_dag_warnings",
  tags: ["DagWarning"],
  summary: "None: what is wrong with a DAG file is among the import errors",
  role: "viewer",
  request: {
    query: z.object({
      ...paging,
      dag_id: z.string().optional(),
      warning_type: z.enum(warningTypes).optional(),
      order_by: listOf(z.string()),
    }),
  },
  responses: { 200: json("An empty list.", warningsSchema), 400: badOrder },
})

const aliasOrders = { id: "id", name: "name" }
const warningOrders = {
  dag_id: "dag_id",
  warning_type: "warning_type",
  message: "message",
  timestamp: "timestamp",
}

/** Lists of what there is not, for clients that ask. */
export function providerRoutes() {
  return makeRouter()
    .openapi(listProviders, (c) => c.json({ providers: [], total_entries: 0 }, 200))
    .openapi(listPlugins, (c) => c.json({ plugins: [], total_entries: 0 }, 200))
    .openapi(listPluginErrors, (c) => c.json({ import_errors: [], total_entries: 0 }, 200))
    .openapi(listAliases, (c) => {
      orderOf(c.req.valid("query").order_by, aliasOrders)
      return c.json({ asset_aliases: [], total_entries: 0 }, 200)
    })
    .openapi(getAlias, (c) => {
      throw notFound("asset alias", String(c.req.valid("param").asset_alias_id))
    })
    .openapi(listWarnings, (c) => {
      orderOf(c.req.valid("query").order_by, warningOrders)
      return c.json({ dag_warnings: [], total_entries: 0 }, 200)
    })
}
