import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

/** The most DAGs that are shown with what they have been told. */
const queuedMax = 1_000

/** `sluice assets show`: one asset, and what DAGs have been told of it. */
export const assetsShow = defineCommand<DatabaseFlag & { readonly json?: boolean }>({
  path: "assets show",
  arguments: [{ name: "<asset>", description: "the asset's name" }],
  summary: "show an asset: who makes it, who waits for it, what waits in the queues of DAGs",
  options: [jsonOption, databaseUrlOption],
  examples: ["sluice assets show orders", "sluice assets show orders --json | jq .queued"],
  run: (context, options, [name = ""]) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { assetJson, queuedAssetJson } = await import("../view/asset-view.ts")
      const asset = await call(store.asset({ name }))
      const rows = await call(store.queuedAssets({ assetId: asset.id, limit: queuedMax }))
      const { out } = context
      const shown = assetJson(asset)
      const queued = rows.map(queuedAssetJson)
      if (options.json === true) await out.line(JSON.stringify({ ...shown, queued }))
      else {
        for (const [key, value] of Object.entries(shown)) await out.line(`${key.padEnd(18)}${textOf(value)}`)
        for (const { dag_id, events, since } of queued)
          await out.line(`${"queued".padEnd(18)}${events} for ${dag_id}, since ${since}`)
      }
      return exitCodes.success
    }),
})

function textOf(value: unknown): string {
  if (value === null) return "-"
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.join(", ")
  return typeof value === "string" ? value : JSON.stringify(value)
}
