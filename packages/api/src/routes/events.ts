import { z } from "@hono/zod-openapi"
import { Effect } from "effect"
import { endpoint, makeRouter } from "../endpoint.ts"
import type { Changes, Feed } from "../events/feed.ts"
import { httpExceptionSchema } from "../problem.ts"
import { eventStream, streamText } from "../stream-lines.ts"
import { makeStreamSlots } from "../stream-slots.ts"
import { runName } from "../wire/names.ts"
import { json } from "../wire/text.ts"

/** The most clients that one server keeps informed at once. */
export const eventClientsMax = 1_000

const busy = json("Too many clients are kept informed already.", httpExceptionSchema)
const lastEventId = z.object({ "last-event-id": z.string().max(100).optional() })
const changes = (description: string) => ({
  description,
  content: { [eventStream]: { schema: z.string() } },
})

const watchRun = endpoint({
  method: "get",
  path: "/dags/{dag_id}/dagRuns/{dag_run_id}/events",
  operationId: "watch_dag_run",
  tags: ["Live"],
  summary: "What changes in a run, as server-sent events, until it has ended",
  role: "viewer",
  request: { params: runName, headers: lastEventId },
  responses: {
    200: changes("Events `run` and `expansion`, each with all of it as it stands; at last `end`."),
    429: busy,
  },
})

const watchRuns = endpoint({
  method: "get",
  path: "/events",
  operationId: "watch_dag_runs",
  tags: ["Live"],
  summary: "What changes in unfinished runs, the newest hundred of them, as server-sent events",
  role: "viewer",
  request: { headers: lastEventId },
  responses: { 200: changes("Events `run`, each with the run and its counters as they stand."), 429: busy },
})

/** Live views. */
export function eventRoutes() {
  const { refuseFull, counted } = makeStreamSlots(eventClientsMax, "clients are kept informed")
  return makeRouter()
    .openapi(watchRun, async (c) => {
      refuseFull()
      const { services } = c.var
      const { dag_id: dagId, dag_run_id: runId } = c.req.valid("param")
      const run = await Effect.runPromise(services.store.dagRunSummary({ dagId, runId }))
      const lastId = c.req.valid("header")["last-event-id"]
      return streamText(c, eventStream, (signal) => counted(told(services.feeds.ofRun(run), lastId, signal)))
    })
    .openapi(watchRuns, (c) => {
      refuseFull()
      const { feeds } = c.var.services
      const lastId = c.req.valid("header")["last-event-id"]
      return streamText(c, eventStream, (signal) => counted(told(feeds.ofAll(), lastId, signal)))
    })
}

async function* told(feed: Feed, lastId: string | undefined, signal: AbortSignal): AsyncGenerator<string> {
  // At once, so that a client knows that it is connected.
  yield ": connected\n\n"
  for await (const some of feed.subscribe(lastId, signal))
    yield some === null ? ": nothing new\n\n" : eventsOf(some)
}

/** The id stands at the last event: a client that saw only some of them has not seen what it says. */
function eventsOf({ items, id, isEnd }: Changes): string {
  const events = items.map(({ event, data }) => `event: ${event}\ndata: ${data}\n`)
  if (isEnd) events.push("event: end\ndata: {}\n")
  return events
    .map((event, place) => (place === events.length - 1 ? `id: ${id}\n${event}\n` : `${event}\n`))
    .join("")
}
