import { readFileSync } from "node:fs"
import { parse } from "yaml"
import type { ApiDocument } from "./response-checker.ts"

/** Reads the document of Airflow's REST API v2 that is kept beside the tests. */
export function readAirflowDocument(): ApiDocument {
  return parse(readFileSync(new URL("airflow/openapi-v2.yaml", import.meta.url), "utf8")) as ApiDocument
}
