import type { SerializedDag } from "@sluice/core/dag"
import type { Bundle, HostPool } from "@sluice/core/host"
import { bundleDagFile } from "./bundle-dag-file.ts"

/** Bundles a DAG file and asks a host which DAGs it defines. Rejects with `BundleRejected`. */
export async function loadDagFile(
  path: string,
  pool: Pick<HostPool, "describe">,
): Promise<{ readonly bundle: Bundle; readonly dags: readonly SerializedDag[] }> {
  const { bundle } = await bundleDagFile(path)
  return { bundle, dags: await pool.describe(bundle) }
}
