import type { ExpansionProgress } from "../store/expansion-store.ts"

/**
 * Says how many more items a window has room for.
 *
 * Two things fill it: instances that have not ended, and instances whose result a started consumer has not taken
 * yet. The fuller one counts, so a slow reader at the end of a chain holds back the first source.
 *
 * @example
 * windowRoom({ window: 100, created: 90, finished: 80, consumed: 30 }) // 40
 */
export function windowRoom(
  progress: Pick<ExpansionProgress, "window" | "created" | "finished" | "consumed">,
): number {
  const unfinished = progress.created - progress.finished
  const unconsumed = progress.consumed === null ? 0 : progress.created - progress.consumed
  return progress.window - Math.max(unfinished, unconsumed)
}

/**
 * Says how many items the next page should have; `0` means wait.
 *
 * A source is pulled only while there is room for a whole page, so that a nearly full window does not turn a source
 * into a stream of tiny pages.
 */
export function nextPageSize(progress: ExpansionProgress): number {
  if (progress.isPullingPaused) return 0
  const size = Math.min(progress.pageSize, progress.window)
  return windowRoom(progress) >= size ? size : 0
}
