import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { readJsonObject } from "../json-object.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes, UsageProblem } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface AssetsEmitOptions extends DatabaseFlag, ActorFlag {
  readonly extra?: string
  readonly json?: boolean
}

/** `sluice assets emit`: says that an asset has changed. */
export const assetsEmit = defineCommand<AssetsEmitOptions>({
  path: "assets emit",
  arguments: [{ name: "<asset>", description: "the asset's name" }],
  summary: "say that an asset has changed: DAGs that wait for it are told",
  options: [
    { flags: "--extra <json>", description: "what is to be known of it: a JSON object, or @file.json" },
    actorOption,
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice assets emit orders", "sluice assets emit orders --extra '{\"rows\": 3}'"],
  run: (context, options, [name = ""]) =>
    withDatabase(context, options, async ({ store, call }) => {
      const [{ assetExtraBytesMax }, { assetEventJson, assetEventText }] = await Promise.all([
        import("@sluice/core/dag"),
        import("../view/asset-view.ts"),
      ])
      const extra = readJsonObject(context, "--extra", options.extra)
      const bytes = Buffer.byteLength(JSON.stringify(extra))
      if (bytes > assetExtraBytesMax)
        throw new UsageProblem(`--extra has ${bytes} bytes`, { expected: `at most ${assetExtraBytesMax}` })
      const { id: assetId } = await call(store.asset({ name }))
      const actor = actorOf(options, context.env)
      const event = await call(store.emitAssetEvent({ assetId, extra, actor }))
      store.wake("plan")
      await context.out.line(
        options.json === true ? JSON.stringify(assetEventJson(event)) : assetEventText(event),
      )
      return exitCodes.success
    }),
})
