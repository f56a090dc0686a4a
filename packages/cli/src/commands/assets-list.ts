import type { AssetRow } from "@sluice/core/store"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { rowOf } from "../view/table.ts"
import { withDatabase } from "./with-database.ts"

interface AssetsListOptions extends DatabaseFlag {
  readonly all?: boolean
  readonly json?: boolean
}

const assetsPerRead = 200

/** `sluice assets list`: assets by their names. */
export const assetsList = defineCommand<AssetsListOptions>({
  path: "assets list",
  summary: "list assets with who makes them, who waits for them, and their last event",
  options: [
    { flags: "--all", description: "also those that no DAG waits for or makes any more" },
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice assets list", "sluice assets list --json | jq -r .name"],
  run: (context, options) =>
    withDatabase(context, options, async ({ store, call }) => {
      const { assetJson } = await import("../view/asset-view.ts")
      const { out } = context
      const of = {
        filter: { onlyActive: options.all !== true },
        orderBy: [{ by: "name", isDescending: false }],
      } as const
      if (options.json !== true) await out.line(out.style("dim", lineOf(titles)))
      for (let skip = 0; !out.isClosed; skip += assetsPerRead) {
        const { rows } = await call(store.searchAssets({ ...of, skip, limit: assetsPerRead }))
        for (const asset of rows)
          await out.line(options.json === true ? JSON.stringify(assetJson(asset)) : lineOf(cellsOf(asset)))
        if (rows.length < assetsPerRead) break
      }
      return exitCodes.success
    }),
})

const titles = ["asset", "made by", "waited for by", "last event", "uri"]

const lineOf = rowOf([24, 9, 13, 24, 0])

function cellsOf({ name, uri, scheduledDags, producingTasks, lastEvent }: AssetRow): string[] {
  const users = [String(producingTasks.length), String(scheduledDags.length)]
  return [name, ...users, lastEvent?.at.toISOString() ?? "", uri]
}
