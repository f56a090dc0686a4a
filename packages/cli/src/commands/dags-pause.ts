import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

type PauseOptions = DatabaseFlag & ActorFlag & { readonly json?: boolean }

/** `sluice dags pause`: no run of a DAG starts any more. */
export const dagsPause = pauseCommand({
  word: "pause",
  isPaused: true,
  summary: "let no more runs of a DAG start; those that run go on to their end",
})

/** `sluice dags unpause`: a DAG goes on. */
export const dagsUnpause = pauseCommand({
  word: "unpause",
  isPaused: false,
  summary: "let a paused DAG go on: what was missed is made up for with catchup, else the latest alone",
})

function pauseCommand({ word, isPaused, summary }: { word: string; isPaused: boolean; summary: string }) {
  return defineCommand<PauseOptions>({
    path: `dags ${word}`,
    arguments: [{ name: "<dag>", description: "the DAG's id" }],
    summary,
    options: [actorOption, jsonOption, databaseUrlOption],
    examples: [`sluice dags ${word} users_sync`],
    run: (context, options, [dagId = ""]) =>
      withDatabase(context, options, async ({ store, call }) => {
        const actor = actorOf(options, context.env)
        const isChanged = await call(store.setDagPaused({ dagId, isPaused, actor }))
        for (const topic of ["run", "plan"] as const) store.wake(topic)
        const state = isPaused ? "paused" : "not paused"
        await context.out.line(
          options.json === true
            ? JSON.stringify({ dag_id: dagId, is_paused: isPaused, is_changed: isChanged })
            : `DAG ${dagId} is ${isChanged ? "now" : "already"} ${state}`,
        )
        return exitCodes.success
      }),
  })
}
