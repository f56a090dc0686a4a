import type { CatalogStore, DagSummary } from "@sluice/core/store"
import { NotFound } from "@sluice/core/store"
import { Effect } from "effect"
import type { Client } from "./client.ts"
import { toPlannedRun } from "./sql/dag.ts"
import * as dags from "./sql/dag-catalog.ts"
import * as instances from "./sql/instance-catalog.ts"
import { sliceOf } from "./sql/filter.ts"
import { toNumber } from "./sql/row.ts"
import * as rows from "./sql/rows.ts"
import * as runs from "./sql/run-catalog.ts"
import * as views from "./sql/view.ts"
import { call, orNotFound } from "./store-call.ts"

/** Lists for people and programs. */
export function catalogVerbs(client: Client): CatalogStore {
  return { ...dagVerbs(client), ...runVerbs(client), ...instanceVerbs(client) }
}

type Verbs<K extends keyof CatalogStore> = Pick<CatalogStore, K>

function dagVerbs(
  client: Client,
): Verbs<
  "searchDags" | "dagSummary" | "listDagVersions" | "listDagTags" | "countRunsByState" | "countRunsByDay"
> {
  return {
    searchDags: (options) =>
      call(client, "searchDags", (sql) => dags.selectDags(sql, options)).pipe(
        Effect.map((found) => sliceOf(found, "dagId", toDagSummary)),
      ),
    dagSummary: (dagId) =>
      call(client, "dagSummary", (sql) => dags.selectDag(sql, dagId)).pipe(
        orNotFound("DAG", dagId),
        Effect.map(toDagSummary),
      ),
    listDagVersions: (options) =>
      call(client, "listDagVersions", (sql) => dags.selectDagVersions(sql, options)).pipe(
        Effect.map((found) =>
          sliceOf(found, "id", ({ id, dagId, versionNumber, bundleHash, createdAt }) => ({
            ...{ id, dagId, versionNumber, bundleHash, createdAt },
          })),
        ),
      ),
    listDagTags: (options) =>
      call(client, "listDagTags", (sql) => dags.selectDagTags(sql, options)).pipe(
        Effect.map((found) => sliceOf(found, "tag", ({ tag }) => tag)),
      ),
    countRunsByState: ({ dagIds }) =>
      call(client, "countRunsByState", (sql) => dags.selectRunCountsByState(sql, dagIds)),
    countRunsByDay: (options) =>
      call(client, "countRunsByDay", (sql) => dags.selectRunCountsByDay(sql, options)),
  }
}

function runVerbs(
  client: Client,
): Verbs<"searchDagRuns" | "pageDagRuns" | "dagRunSummary" | "setDagRunNote" | "expansionsOfRuns"> {
  return {
    searchDagRuns: (options) =>
      call(client, "searchDagRuns", (sql) => runs.selectRuns(sql, options)).pipe(
        Effect.map((found) => sliceOf(found, "fields", runs.toRunSummary)),
      ),
    pageDagRuns: (options) =>
      call(client, "pageDagRuns", (sql) => runs.selectRunPage(sql, options)).pipe(
        Effect.map((found) => found.map(runs.toRunSummary)),
      ),
    dagRunSummary: (options) =>
      call(client, "dagRunSummary", (sql) => runs.selectRun(sql, options)).pipe(
        orNotFound("run", `${options.dagId}/${options.runId}`),
        Effect.map(runs.toRunSummary),
      ),
    setDagRunNote: (options) =>
      call(client, "setDagRunNote", (sql) => runs.updateRunNote(sql, options)).pipe(
        Effect.flatMap((isDone) =>
          isDone ? Effect.void : Effect.fail(new NotFound({ what: "run", id: options.dagRunId })),
        ),
      ),
    expansionsOfRuns: ({ dagRunIds }) =>
      call(client, "expansionsOfRuns", (sql) => views.selectExpansionsOf(sql, dagRunIds)).pipe(
        Effect.map((all) => all.map(rows.toExpansionView)),
      ),
  }
}

function instanceVerbs(client: Client): Verbs<"countInstances" | "instancesAt" | "listXComs"> {
  return {
    countInstances: (options) =>
      call(client, "countInstances", (sql) => instances.countInstances(sql, options)).pipe(
        Effect.map((all) => all.map((row) => ({ ...row, count: toNumber(row.count) }))),
      ),
    instancesAt: (options) =>
      call(client, "instancesAt", (sql) => instances.selectInstancesAt(sql, options)).pipe(
        Effect.map((all) => all.map((row) => ({ ...row, mapIndex: toNumber(row.mapIndex) }))),
      ),
    listXComs: (options) =>
      call(client, "listXComs", (sql) => instances.selectXComs(sql, options)).pipe(
        Effect.map((found) =>
          sliceOf(found, "key", ({ mapIndex, key, at }) => ({ mapIndex: toNumber(mapIndex), key, at })),
        ),
      ),
  }
}

function toDagSummary(row: dags.DagSummaryRow): DagSummary {
  return {
    dagId: row.dagId,
    isPaused: row.isPaused,
    isStale: row.isStale,
    filePath: row.filePath,
    hasImportErrors: row.hasImportErrors,
    parse: row.parse,
    version: {
      id: row.versionId,
      dagId: row.dagId,
      versionNumber: row.versionNumber,
      bundleHash: row.bundleHash,
      createdAt: row.versionCreatedAt,
    },
    description: row.description,
    schedule: row.schedule,
    tags: row.tags,
    planning: row.planning,
    maxActiveRuns: row.maxActiveRuns,
    maxActiveTasks: row.maxActiveTasks,
    nextRun: toPlannedRun(row),
    hasConcurrencyLimits: row.hasConcurrencyLimits,
    activeRuns: row.activeRuns,
  }
}
