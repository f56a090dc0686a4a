import { clip } from "./numbers.ts"

/**
 * How an instance is called: `upsert[12]`, `report`; with what its item is called `upsert[12 Ada]`; a stream itself is
 * `list_users (its stream)`.
 */
export function instanceName(taskId: string, mapIndex: number | null, item: string | null = null): string {
  if (mapIndex === null) return `${taskId} (its stream)`
  if (mapIndex < 0) return taskId
  return item === null ? `${taskId}[${mapIndex}]` : `${taskId}[${mapIndex} ${clip(item, itemCharsMax)}]`
}

/** Characters shown of what an item is called. */
const itemCharsMax = 60
