import { type DagRunSummary, type ExpansionView, partsOfExpansionId } from "@sluice/core/store"
import { Effect } from "effect"
import type { Services } from "../environment.ts"
import { endedOf } from "../expansions/window.ts"
import { toDagRun } from "../wire/dag-run.ts"
import { toExpansion } from "../wire/expansion.ts"
import { type Feed, type FeedItem, makeFeed, type Snapshot } from "./feed.ts"

/** The most unfinished runs that are watched together, the newest of them. */
export const runsWatchedMax = 100

const topics = ["run", "progress", "due", "control", "open"] as const
const ofOneRun = { topics, coalesceMs: 250, pollMs: 2_000, silenceMs: 15_000 }
const ofAllRuns = { topics, coalesceMs: 1_000, pollMs: 5_000, silenceMs: 15_000 }

/** The feeds of a server: one for each run that is watched, and one for all. */
export interface RunFeeds {
  readonly ofRun: (run: DagRunSummary) => Feed
  readonly ofAll: () => Feed
}

/** Makes the feeds of a server; each lives while somebody watches. */
export function makeRunFeeds(services: Pick<Services, "store" | "closing" | "dagVersions">): RunFeeds {
  const { store, closing } = services
  const open = new Map<string, Feed>()
  const shared = (key: string, make: (onIdle: () => void) => Feed): Feed => {
    const feed = open.get(key) ?? make(() => open.delete(key))
    open.set(key, feed)
    return feed
  }
  return {
    ofRun: (run) =>
      shared(run.id, (onIdle) =>
        makeFeed({ ...ofOneRun, store, closing, onIdle, read: () => readRun(services, run) }),
      ),
    ofAll: () =>
      shared("all", (onIdle) => {
        const watched = new Map<string, DagRunSummary>()
        return makeFeed({ ...ofAllRuns, store, closing, onIdle, read: () => readRuns(services, watched) })
      }),
  }
}

type Sources = Pick<Services, "store" | "dagVersions">

async function readRun({ store, dagVersions }: Sources, known: DagRunSummary): Promise<Snapshot> {
  const run = await Effect.runPromise(store.dagRunSummary(known))
  const views = await Effect.runPromise(store.expansionsOfRun(run.id))
  const { dag } = await dagVersions(run.dagVersionId)
  const items = new Map<string, FeedItem>([["", itemOf("run", toDagRun(run))]])
  for (const view of views) {
    const task = dag.tasks[view.ordinal]
    if (task !== undefined)
      items.set(view.taskId, itemOf("expansion", toExpansion({ run, dag, task, view, views })))
  }
  return { items, isEnd: run.state === "success" || run.state === "failed" }
}

/** Unfinished runs with their counters; one that has ended is told once more, as it ended. */
async function readRuns({ store }: Sources, watched: Map<string, DagRunSummary>): Promise<Snapshot> {
  const filter = { states: ["queued", "running"] } as const
  const page = { filter, isDescending: true, after: null, limit: runsWatchedMax }
  const live = await Effect.runPromise(store.pageDagRuns(page))
  const ids = new Set(live.map((run) => run.id))
  const gone = [...watched.values()].filter((run) => !ids.has(run.id))
  const ended = await Promise.all(gone.map((run) => Effect.runPromise(store.dagRunSummary(run))))
  const runs = [...live, ...ended]
  const dagRunIds = runs.map((run) => run.id)
  const views = runs.length === 0 ? [] : await Effect.runPromise(store.expansionsOfRuns({ dagRunIds }))
  const byRun = Map.groupBy(views, (view) => partsOfExpansionId(view.expansionId).dagRunId)
  watched.clear()
  for (const run of live) watched.set(run.id, run)
  const items = new Map(
    runs.map((run) => {
      const counters = countersOf(byRun.get(run.id) ?? [])
      return [run.id, itemOf("run", { ...toDagRun(run), instances: counters })]
    }),
  )
  return { items, isEnd: false }
}

function countersOf(views: readonly ExpansionView[]) {
  const own = views.filter(({ kind }) => kind === "task" || kind === "mapped")
  const sum = (read: (view: ExpansionView) => number) => own.reduce((total, view) => total + read(view), 0)
  return {
    discovered: sum((view) => view.created),
    ended: sum(endedOf),
    running: sum((view) => view.running),
    success: sum((view) => view.success),
    failed: sum((view) => view.failed),
  }
}

function itemOf(event: string, data: object): FeedItem {
  return { event, data: JSON.stringify(data) }
}
