/** What a task of a run waits for, in people's words. */
import type { Expansion } from "@sluice/api/wire"
import { count, duration } from "./format.ts"

/** Says what it waits for; null: for nothing. */
export function waitInWords(expansion: Expansion, now: number): string | null {
  const { waits_for: wait, waits_for_tasks: tasks, window_use: use } = expansion
  switch (wait) {
    case null:
      return null
    case "upstream":
      return tasks.length === 0 ? "Waits for tasks above it" : `Waits for ${tasks.join(", ")}`
    case "resume":
      return "Paused: waits to be resumed"
    case "source":
      return expansion.pulls === 0
        ? "The first page is being read"
        : "A page is in flight: the source is being read"
    case "pull_retry":
      return expansion.pull_after === null
        ? "The source failed: it is tried again"
        : `The source failed ${times(expansion.pull_failures)}: tried again in ${duration(Math.max(0, Date.parse(expansion.pull_after) - now))}`
    case "instances":
      return `The window is full (${count(use?.unfinished ?? 0)} unfinished): the source waits for instances to end`
    case "consumers":
      return `The window is full (${count(use?.unconsumed ?? 0)} not taken): the source waits for the tasks that read it`
    case "instance_retries":
      return "Waits for retries to come due"
    case "events":
      return "Waits for what its instances are deferred to"
  }
}

function times(n: number): string {
  return n === 1 ? "once" : `${count(n)} times in a row`
}
