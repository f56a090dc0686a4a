import { z } from "@hono/zod-openapi"
import type { AssetCondition } from "@sluice/core/time"
import type { AssetEventRow, AssetRow, DagRunRow, QueuedAsset } from "@sluice/core/store"
import { instant, instantOf } from "./instant.ts"

const reference = { created_at: instant, updated_at: instant }

/** An asset, with who waits for it and who makes it. */
export const assetSchema = z
  .object({
    id: z.int(),
    name: z.string(),
    uri: z.string(),
    group: z.string(),
    extra: z.record(z.string(), z.unknown()).nullable(),
    created_at: instant,
    updated_at: instant,
    scheduled_dags: z.array(z.strictObject({ dag_id: z.string(), ...reference })),
    producing_tasks: z.array(z.strictObject({ dag_id: z.string(), task_id: z.string(), ...reference })),
    // Inlets, aliases and watchers there are none.
    consuming_tasks: z.array(z.strictObject({ dag_id: z.string(), task_id: z.string(), ...reference })),
    aliases: z.array(z.object({ id: z.int(), name: z.string(), group: z.string() })),
    watchers: z.array(z.object({ name: z.string(), trigger_id: z.int(), created_date: instant })),
    last_asset_event: z.object({ id: z.int().min(0).nullable(), timestamp: instant.nullable() }).nullable(),
  })
  .openapi("AssetResponse")

/** A list of assets. */
export const assetsSchema = z
  .object({ assets: z.array(assetSchema), total_entries: z.int() })
  .openapi("AssetCollectionResponse")

const consumerSchema = z
  .strictObject({
    run_id: z.string(),
    dag_id: z.string(),
    logical_date: instant.nullable(),
    start_date: instant,
    end_date: instant.nullable(),
    state: z.string(),
    data_interval_start: instant.nullable(),
    data_interval_end: instant.nullable(),
    partition_key: z.string().nullable(),
  })
  .openapi("DagRunAssetReference")

/** The fact that an asset changed, with the runs that were made for it. */
export const assetEventSchema = z
  .object({
    id: z.int(),
    asset_id: z.int(),
    uri: z.string().nullable(),
    name: z.string().nullable(),
    group: z.string().nullable(),
    extra: z.record(z.string(), z.unknown()).nullable(),
    source_task_id: z.string().nullable(),
    source_dag_id: z.string().nullable(),
    source_run_id: z.string().nullable(),
    source_map_index: z.int(),
    created_dagruns: z.array(consumerSchema),
    timestamp: instant,
    partition_key: z.string().nullable(),
  })
  .openapi("AssetEventResponse")

/** A list of events. */
export const assetEventsSchema = z
  .object({ asset_events: z.array(assetEventSchema), total_entries: z.int() })
  .openapi("AssetEventCollectionResponse")

/** What a DAG has been told of an asset, and has had no run for. */
export const queuedEventSchema = z
  .object({
    dag_id: z.string(),
    asset_id: z.int(),
    created_at: instant,
    dag_display_name: z.string(),
    // What Airflow has not: it counts them here.
    events: z.int(),
  })
  .openapi("QueuedEventResponse")

/** A list of those. */
export const queuedEventsSchema = z
  .object({ queued_events: z.array(queuedEventSchema), total_entries: z.int() })
  .openapi("QueuedEventCollectionResponse")

/** The wire's form of an asset. When a DAG came to wait for it is not kept: the asset's own times stand for that. */
export function toAsset(asset: AssetRow): z.infer<typeof assetSchema> {
  const times = { created_at: instantOf(asset.createdAt), updated_at: instantOf(asset.updatedAt) }
  const { lastEvent } = asset
  return {
    ...{
      id: Number(asset.id),
      name: asset.name,
      uri: asset.uri,
      group: asset.group,
      extra: { ...asset.extra },
    },
    ...times,
    scheduled_dags: asset.scheduledDags.map((dagId) => ({ dag_id: dagId, ...times })),
    producing_tasks: asset.producingTasks.map(({ dagId, taskId }) => ({
      ...{ dag_id: dagId, task_id: taskId },
      ...times,
    })),
    ...{ consuming_tasks: [], aliases: [], watchers: [] },
    last_asset_event:
      lastEvent === null ? null : { id: Number(lastEvent.id), timestamp: instantOf(lastEvent.at) },
  }
}

/** The wire's form of an event. */
export function toAssetEvent(
  event: AssetEventRow,
  consumers: readonly DagRunRow[],
): z.infer<typeof assetEventSchema> {
  const { source } = event
  return {
    ...{ id: Number(event.id), asset_id: Number(event.assetId) },
    ...{ uri: event.uri, name: event.name, group: event.group, extra: { ...event.extra } },
    source_task_id: source?.taskId ?? null,
    source_dag_id: source?.dagId ?? null,
    source_run_id: source?.runId ?? null,
    source_map_index: source?.mapIndex ?? -1,
    created_dagruns: consumers.map(toConsumer),
    timestamp: instantOf(event.at),
    partition_key: null,
  }
}

function toConsumer(run: DagRunRow): z.infer<typeof consumerSchema> {
  return {
    run_id: run.runId,
    dag_id: run.dagId,
    logical_date: instantOf(run.logicalDate),
    // Clients want one: of a run that waits, when it was made.
    start_date: instantOf(run.startedAt ?? run.queuedAt),
    end_date: instantOf(run.endedAt),
    state: run.state,
    data_interval_start: instantOf(run.dataIntervalStart),
    data_interval_end: instantOf(run.dataIntervalEnd),
    partition_key: null,
  }
}

/** The wire's form of what a DAG has been told. */
export function toQueuedEvent(row: QueuedAsset): z.infer<typeof queuedEventSchema> {
  return {
    dag_id: row.dagId,
    asset_id: Number(row.assetId),
    created_at: instantOf(row.createdAt),
    dag_display_name: row.dagId,
    events: row.events,
  }
}

/** A condition in Airflow's form. */
export function toAssetExpression(condition: AssetCondition): Record<string, unknown> {
  if ("asset" in condition) return { asset: { name: condition.asset } }
  return "all" in condition
    ? { all: condition.all.map(toAssetExpression) }
    : { any: condition.any.map(toAssetExpression) }
}
