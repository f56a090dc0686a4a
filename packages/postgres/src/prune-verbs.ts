import { awaitedRun, type NotAllowed, NotFound, type PruneStore, unfinishedRun } from "@sluice/core/store"
import { Effect } from "effect"
import type { Client } from "./client.ts"
import { selectDagRunById } from "./sql/dag-run.ts"
import * as deletions from "./sql/deletion.ts"
import { call } from "./store-call.ts"

/** Deletion, over one client: a hot one, since it goes by places and keys alone. */
export function pruneVerbs(client: Client): PruneStore {
  return {
    deleteDagRun: (options) =>
      call(client, "deleteDagRun", async (sql) => {
        if (await deletions.deleteDagRun(sql, options)) return null
        return (await selectDagRunById(sql, options.dagRunId)) ?? "unknown"
      }).pipe(
        Effect.flatMap((run): Effect.Effect<void, NotAllowed | NotFound> => {
          if (run === null) return Effect.void
          if (run === "unknown") return Effect.fail(new NotFound({ what: "run", id: options.dagRunId }))
          const isEnded = run.state === "success" || run.state === "failed"
          return Effect.fail(isEnded ? awaitedRun(run) : unfinishedRun(run))
        }),
      ),
    pruneRows: (options) => call(client, "pruneRows", (sql) => deletions.removeRows(sql, options)),
  }
}
