import { dirname, resolve } from "node:path"
import type { DescribedBundle, HostPool } from "@sluice/core/host"
import { bundleDagFile } from "./bundle-dag-file.ts"

/** Bundles a DAG file and asks a host which DAGs it defines. Rejects with `BundleRejected`. */
export async function loadDagFile(path: string, pool: Pick<HostPool, "describe">): Promise<DescribedBundle> {
  const { bundle } = await bundleDagFile(path)
  return pool.describe(bundle, { folder: dirname(resolve(path)) })
}
