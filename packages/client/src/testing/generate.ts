/*
 * Writes the types of the API from its own OpenAPI document: `npm run client:types`. With `--check` it writes nothing, and
 * ends with 1 where the types that are checked in are not those of the document.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { type ApiDocument, openTestApi } from "@sluice/api/testing"
import openapiTypes, { astToString, type OpenAPI3, type ResponseObject } from "openapi-typescript"

const file = new URL("../openapi.ts", import.meta.url)
const errorSchemas = ["HTTPExceptionResponse", "HTTPValidationError"]
const head = "// Made from the API's OpenAPI document by `npm run client:types`; not to be edited.\n"

const { document } = await openTestApi()
const nodes = await openapiTypes(withOneError(document), { alphabetize: true, defaultNonNullable: false })
const text = head + astToString(nodes)
if (!process.argv.includes("--check")) writeFileSync(file, text)
else if (readFileSync(file, "utf8") !== text) {
  console.error(
    "packages/client/src/openapi.ts is not what the API's routes say now: run `npm run client:types`, and commit it",
  )
  process.exitCode = 1
}

/** All refusals have one of two bodies, whatever the status: told once, they do not make two thirds of the types. */
function withOneError(whole: ApiDocument): OpenAPI3 {
  const copy = structuredClone(whole) as unknown as OpenAPI3
  const schema = { anyOf: errorSchemas.map((name) => ({ $ref: `#/components/schemas/${name}` })) }
  const error = { description: "Why it is refused.", content: { "application/json": { schema } } }
  for (const operations of Object.values(copy.paths ?? {}))
    for (const operation of Object.values(operations)) {
      const granted = Object.entries(operation.responses).filter(([status]) => Number(status) < 400)
      operation.responses = {
        ...Object.fromEntries(granted),
        default: { $ref: "#/components/responses/Error" },
      }
    }
  return {
    ...copy,
    components: { ...copy.components, responses: { Error: error as unknown as ResponseObject } },
  }
}
