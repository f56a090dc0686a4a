/** What Airflow installs beside itself. Here DAGs import packages of their own, which no server knows: the lists are empty. */
import { z } from "@hono/zod-openapi"
import { endpoint, makeRouter } from "../endpoint.ts"
import { paging } from "../wire/query.ts"
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

/** Lists of what there is not, for clients that ask. */
export function providerRoutes() {
  return makeRouter()
    .openapi(listProviders, (c) => c.json({ providers: [], total_entries: 0 }, 200))
    .openapi(listPlugins, (c) => c.json({ plugins: [], total_entries: 0 }, 200))
    .openapi(listPluginErrors, (c) => c.json({ import_errors: [], total_entries: 0 }, 200))
}
