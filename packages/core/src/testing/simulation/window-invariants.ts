import { consumedOf, countsOf, sumOf } from "../../store/memory/counts.ts"
import type { ExpansionRecord } from "../../store/memory/state.ts"
import type { SteeredSeen } from "./control-invariants.ts"
import { must } from "./invariants.ts"

/**
 * After a page was stored: unfinished and unconsumed indexes fit into the window, but for what the page has more than
 * was asked for. (A source may give larger pages.) Where the window was changed, a page may come that was asked for under
 * the one before.
 */
export function expectWindow(expansion: ExpansionRecord, { windowMax, isResized }: SteeredSeen): void {
  const { task, created } = expansion
  const { mapping } = task
  const page = expansion.pages.at(-1)
  if (mapping === null || page === undefined) return
  const window = expansion.window ?? mapping.window
  const most = isResized ? windowMax + page.count : window - Math.min(mapping.pageSize, window) + page.count
  const unfinished = created - sumOf(countsOf(expansion))
  must(unfinished <= most, () => `${task.taskId}: ${unfinished} unfinished, over ${most} (window ${window})`)
  const consumed = consumedOf(expansion)
  if (consumed === null) return
  const unconsumed = created - consumed
  must(unconsumed <= most, () => `${task.taskId}: ${unconsumed} unconsumed, over ${most} (window ${window})`)
}
