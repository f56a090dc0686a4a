import type { DagRow, DagStore } from "@sluice/core/store"
import { NotFound } from "@sluice/core/store"
import { Effect } from "effect"
import type { Client } from "./client.ts"
import * as dags from "./sql/dag.ts"
import { call, orNotFound } from "./store-call.ts"

/** DAGs and the admission of their runs, over one client. */
export function dagVerbs(client: Client): DagStore {
  return {
    dag: (dagId) =>
      call(client, "dag", (sql) => dags.selectDag(sql, dagId)).pipe(
        orNotFound("DAG", dagId),
        Effect.map(toDag),
      ),
    listDags: (options) =>
      call(client, "listDags", (sql) => dags.selectDags(sql, options)).pipe(
        Effect.map((all) => all.map(toDag)),
      ),
    setDagPaused: (options) =>
      call(client, "setDagPaused", (sql) => dags.updateDagPaused(sql, options)).pipe(
        Effect.flatMap((isChanged) =>
          isChanged === null
            ? Effect.fail(new NotFound({ what: "DAG", id: options.dagId }))
            : Effect.succeed(isChanged),
        ),
      ),
    setDagLimits: (options) =>
      call(client, "setDagLimits", async (sql) =>
        (await dags.updateDagLimits(sql, options)) ? dags.selectDag(sql, options.dagId) : null,
      ).pipe(orNotFound("DAG", options.dagId), Effect.map(toDag)),
    changeTask: (options) =>
      call(client, "changeTask", (sql) => dags.updateTask(sql, options)).pipe(
        orNotFound("task", `${options.dagId}.${options.taskId}`),
      ),
    admitDagRuns: ({ limit }) => call(client, "admitDagRuns", (sql) => dags.admitDagRuns(sql, limit)),
  }
}

function toDag(row: dags.DagColumns): DagRow {
  const { logicalDate: _, intervalStart: __, intervalEnd: ___, runAt: ____, ...dag } = row
  return { ...dag, nextRun: dags.toPlannedRun(row) }
}
