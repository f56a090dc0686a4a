/** How an instance is called: `upsert[12]`, `report`; a stream itself is `list_users (its stream)`. */
export function instanceName(taskId: string, mapIndex: number | null): string {
  if (mapIndex === null) return `${taskId} (its stream)`
  return mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`
}
