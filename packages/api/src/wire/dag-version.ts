import { z } from "@hono/zod-openapi"
import type { DagVersionSummary } from "@sluice/core/store"
import { instant, instantOf } from "./instant.ts"
import { versionUuid } from "./uuid.ts"

/** A version of a DAG. */
export const dagVersionSchema = z
  .object({
    id: z.uuid(),
    version_number: z.int(),
    dag_id: z.string(),
    bundle_name: z.string().nullable(),
    bundle_version: z.string().nullable(),
    created_at: instant,
    dag_display_name: z.string(),
    bundle_url: z.string().nullable(),
  })
  .openapi("DagVersionResponse")

/** The wire's form of a version. The bundle has no name; its version is the hash of its code. */
export function toDagVersion(version: DagVersionSummary): z.infer<typeof dagVersionSchema> {
  return {
    id: versionUuid(version.id),
    version_number: version.versionNumber,
    dag_id: version.dagId,
    bundle_name: null,
    bundle_version: version.bundleHash,
    created_at: instantOf(version.createdAt),
    dag_display_name: version.dagId,
    bundle_url: null,
  }
}
