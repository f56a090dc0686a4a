import type { ExpansionView, MapChange } from "@sluice/core/store"
import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { type Command, defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { mapArguments } from "./map-arguments.ts"
import { withDatabase } from "./with-database.ts"

interface PauseOptions extends DatabaseFlag, ActorFlag {
  readonly pulling?: boolean
  readonly running?: boolean
  readonly json?: boolean
}

/** `sluice maps pause`: nothing more is pulled, nothing more starts. */
export const mapsPause = pauseCommand({
  path: "maps pause",
  isPaused: true,
  summary: "pause one mapped task: nothing more is pulled, nothing more starts",
  details:
    "--pulling: the source is not read any further, and what exists goes on. --running: what runs ends, and nothing more " +
    "starts. Without either, both. It stays paused until it is resumed, whatever dies meanwhile.",
  examples: ["sluice maps pause latest upsert", "sluice maps pause latest upsert --pulling"],
})

/** `sluice maps resume`: goes on where it was paused. */
export const mapsResume = pauseCommand({
  path: "maps resume",
  isPaused: false,
  summary: "let a paused mapped task go on",
  details: "--pulling and --running as for `sluice maps pause`. Without either, both.",
  examples: ["sluice maps resume latest upsert", "sluice maps resume latest upsert --running"],
})

function pauseCommand(
  told: Pick<Command, "path" | "summary" | "examples"> & {
    readonly details: string
    readonly isPaused: boolean
  },
): Command {
  const { isPaused, ...about } = told
  return defineCommand<PauseOptions>({
    ...about,
    arguments: mapArguments,
    options: [
      { flags: "--pulling", description: "the reading of its source" },
      { flags: "--running", description: "the starting of its instances" },
      actorOption,
      jsonOption,
      databaseUrlOption,
    ],
    run: (context, options, [reference = "", taskId = ""]) =>
      withDatabase(context, options, async (session) => {
        const { changeAndShow } = await import("../run/change-map.ts")
        const actor = actorOf(options, context.env)
        const change = (map: ExpansionView) => pauseOf(map, options, isPaused)
        await changeAndShow(context, session, {
          reference,
          taskId,
          actor,
          isJson: options.json === true,
          change,
        })
        return exitCodes.success
      }),
  })
}

/** A shared source has nothing that runs: where nothing else is said, it is its pulling that is meant. */
function pauseOf(map: ExpansionView, { pulling, running }: PauseOptions, isPaused: boolean): MapChange {
  const isAll = pulling !== true && running !== true
  return {
    ...((isAll || pulling === true) && { isPullingPaused: isPaused }),
    ...(((isAll && map.kind !== "source") || running === true) && { isRunningPaused: isPaused }),
  }
}
