import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { backfillIdOf, databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

type ControlOptions = DatabaseFlag & ActorFlag & { readonly json?: boolean }

/** `sluice backfill pause`: a backfill makes no more runs for now. */
export const backfillPause = controlCommand(
  "pause",
  "let a backfill make no more runs for now; those that run go on",
)
/** `sluice backfill unpause`: a paused backfill goes on. */
export const backfillUnpause = controlCommand("unpause", "let a paused backfill go on")
/** `sluice backfill cancel`: a backfill ends before its time. */
export const backfillCancel = controlCommand(
  "cancel",
  "end a backfill: it makes no more runs; those that run go on",
)

function controlCommand(word: "pause" | "unpause" | "cancel", summary: string) {
  return defineCommand<ControlOptions>({
    path: `backfill ${word}`,
    arguments: [{ name: "<backfill>", description: "its number, as `backfill list` shows it" }],
    summary,
    options: [actorOption, jsonOption, databaseUrlOption],
    examples: [`sluice backfill ${word} 3`],
    run: (context, options, [id = ""]) =>
      withDatabase(context, options, async ({ store, call }) => {
        const change = { backfillId: backfillIdOf(id), actor: actorOf(options, context.env) }
        const isChanged =
          word === "cancel"
            ? await call(store.cancelBackfill(change))
            : await call(store.setBackfillPaused({ ...change, isPaused: word === "pause" }))
        store.wake("plan")
        const { backfillJson, backfillProgress, backfillState } = await import("../view/dag-view.ts")
        const backfill = await call(store.backfill(id))
        const text = `backfill ${id} is ${isChanged ? "now" : "already"} ${backfillState(backfill)}; ${backfillProgress(backfill)}`
        await context.out.line(options.json === true ? JSON.stringify(backfillJson(backfill)) : text)
        return exitCodes.success
      }),
  })
}
