/** Notes the largest heap a host has had, in a file of its own in the folder that the run names. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"

/** A new peak is noted when it is this much larger than the last. */
const stepBytes = 1024 * 1024

let noted = 0

/** Looks at the heap of this process. */
export function watchHeap(params: unknown): void {
  const { heapFolder } = params as { heapFolder?: string }
  if (heapFolder === undefined) return
  const { heapUsed } = process.memoryUsage()
  if (heapUsed < noted + stepBytes) return
  noted = heapUsed
  writeFileSync(join(heapFolder, String(process.pid)), String(heapUsed))
}
