import {
  awaitedRun,
  busyDag,
  type NotAllowed,
  NotFound,
  type PruneStore,
  type RetentionStore,
  unfinishedRun,
} from "@sluice/core/store"
import { Effect } from "effect"
import type { Client } from "./client.ts"
import * as dags from "./sql/dag-deletion.ts"
import { dagExists, selectDagRunById } from "./sql/dag-run.ts"
import * as deletions from "./sql/deletion.ts"
import * as retention from "./sql/retention.ts"
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
    deleteDag: ({ dagId, actor }) =>
      call(client, "deleteDag", async (sql) => {
        if (await dags.deleteDag(sql, { dagId, actor })) return "deleted"
        return (await dagExists(sql, dagId)) ? "busy" : "unknown"
      }).pipe(
        Effect.flatMap((done): Effect.Effect<void, NotAllowed | NotFound> => {
          if (done === "unknown") return Effect.fail(new NotFound({ what: "DAG", id: dagId }))
          return done === "busy" ? Effect.fail(busyDag(dagId)) : Effect.void
        }),
      ),
    pruneRows: (options) =>
      call(client, "pruneRows", async (sql) => {
        const { hasDags, hasRuns } = await deletions.selectDeleted(sql)
        const runs = hasDags ? await dags.deleteRunsOfDags(sql, options) : 0
        if (runs > 0) return { removed: runs, isDone: false }
        if (hasRuns) return deletions.removeRows(sql, options)
        const definitions = hasDags ? await dags.removeDefinitions(sql, options) : 0
        return { removed: definitions, isDone: definitions === 0 }
      }),
  }
}

/** Retention, over one client. */
export function retentionVerbs(client: Client): RetentionStore {
  return {
    expireRuns: (options) => call(client, "expireRuns", (sql) => retention.expireRuns(sql, options)),
    expireEvents: (options) => call(client, "expireEvents", (sql) => retention.expireEvents(sql, options)),
    expireAssetEvents: (options) =>
      call(client, "expireAssetEvents", (sql) => retention.expireAssetEvents(sql, options)),
    expireLogs: (options) => call(client, "expireLogs", (sql) => retention.expireLogs(sql, options)),
    expireBackfills: (options) =>
      call(client, "expireBackfills", (sql) => retention.expireBackfills(sql, options)),
    expireVersions: (options) =>
      call(client, "expireVersions", (sql) => retention.expireVersions(sql, options)),
  }
}
