import type { AssetEventRow, AssetRow, QueuedAsset } from "@sluice/core/store"

/** An asset as programs read it. */
export function assetJson(asset: AssetRow) {
  const { id, name, uri, group, extra, scheduledDags, producingTasks, lastEvent } = asset
  return {
    ...{ id, name, uri, group, extra },
    created_at: asset.createdAt.toISOString(),
    updated_at: asset.updatedAt.toISOString(),
    scheduled_dags: scheduledDags,
    producing_tasks: producingTasks.map(({ dagId, taskId }) => `${dagId}.${taskId}`),
    last_event_at: lastEvent?.at.toISOString() ?? null,
  }
}

/** An event of an asset as programs read it. */
export function assetEventJson({ id, name, at, extra, source }: AssetEventRow) {
  return {
    ...{ id, asset: name, at: at.toISOString(), extra },
    dag_id: source?.dagId ?? null,
    run_id: source?.runId ?? null,
    task_id: source?.taskId ?? null,
    map_index: source?.mapIndex ?? null,
  }
}

/** What a DAG has been told of an asset, as programs read it. */
export function queuedAssetJson({ dagId, events, createdAt }: QueuedAsset) {
  return { dag_id: dagId, events, since: createdAt.toISOString() }
}

/** An event in one line. */
export function assetEventText({ id, name, at, extra, source }: AssetEventRow): string {
  const index = source === null || source.mapIndex < 0 ? "" : `[${source.mapIndex}]`
  const from = source === null ? "from outside" : `${source.dagId}/${source.runId} ${source.taskId}${index}`
  const said = Object.keys(extra).length === 0 ? "" : `  ${JSON.stringify(extra)}`
  return `${id}  ${at.toISOString()}  ${name}  ${from}${said}`
}
