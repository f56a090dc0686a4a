/** The bench's own hands on a database: starts runs, watches and cancels them, beside the engines that do the work. */
import { setTimeout as sleep } from "node:timers/promises"
import { Effect } from "effect"
import type { DagRunRow, ExpansionView } from "@sluice/core/store"
import { type Client, createClient, openStore } from "@sluice/postgres"

/** How often is looked, where nothing tells that it is time. */
const lookEveryMs = 20
/** A lost notification costs this much. */
const pollMs = 1_000
const waitMsMax = 120_000

/** How many rows one statement has written, by table. */
export interface RowsWritten {
  readonly run: number
  readonly expansions: number
  readonly pages: number
  readonly offers: number
}

/** Runs of one database, in the bench's hands. */
export interface Control {
  readonly client: Client
  start(dagId: string, runId: string, conf: Readonly<Record<string, string | number>>): Promise<DagRunRow>
  /** The run's mapped task. */
  map(run: DagRunRow): Promise<ExpansionView>
  /** Waits until the run's mapped task is as it should be. */
  untilMap(run: DagRunRow, isSo: (map: ExpansionView) => boolean): Promise<ExpansionView>
  untilEnded(run: DagRunRow): Promise<DagRunRow>
  /** Cancels a run as the CLI does; gives how many statements that took. */
  cancel(run: DagRunRow): Promise<number>
  /** The rows that the statement has written which wrote the run's own row last; what others have changed since is not seen. */
  rowsWrittenWith(run: DagRunRow): Promise<RowsWritten>
  close(): Promise<void>
}

/** Opens the database; the engines must have registered their DAGs before a run is started. */
export function openControl(url: string): Control {
  const { store, statements, close } = openStore({ url, applicationName: "sluice bench control" })
  const client = createClient({ url, applicationName: "sluice bench watch", max: 1 })
  const call = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)
  const map = async (run: DagRunRow): Promise<ExpansionView> => {
    const found = (await call(store.expansionsOfRun(run.id))).find((view) => view.kind === "mapped")
    if (found === undefined) throw new Error(`run ${run.runId} has no mapped task`)
    return found
  }
  return {
    client,
    map,
    start: async (dagId, runId, conf) => {
      const run = await call(store.createDagRun({ dagId, runId, runType: "manual", conf, logicalDate: null }))
      store.wake("due")
      return run
    },
    untilMap: async (run, isSo) => {
      const until = performance.now() + waitMsMax
      for (;;) {
        const view = await map(run)
        if (isSo(view)) return view
        if (performance.now() > until) throw new Error(`waited too long: ${JSON.stringify(view)}`)
        await sleep(lookEveryMs)
      }
    },
    untilEnded: async (run) => {
      for (;;) {
        const woken = new AbortController()
        const stop = store.onWake("run", () => woken.abort())
        const row = await call(store.dagRunById(run.id))
        if (row.endedAt !== null) return (stop(), row)
        await sleep(pollMs, undefined, { signal: woken.signal }).catch(() => {})
        stop()
      }
    },
    cancel: async (run) => {
      const before = statements()
      const isDone = await call(
        store.cancelDagRun({ dagRunId: run.id, note: "cancelled by the bench", actor: "bench" }),
      )
      const sent = statements() - before
      store.wake("control")
      store.wake("run")
      if (!isDone) throw new Error(`run ${run.runId} had ended before it could be cancelled`)
      return sent
    },
    rowsWrittenWith: (run) => rowsWrittenWith(client, run),
    close: async () => {
      await Promise.all([client.close(), close()])
    },
  }
}

async function rowsWrittenWith(client: Client, run: DagRunRow): Promise<RowsWritten> {
  const [row] = await client.run(
    "rows",
    (sql) => sql<RowsWritten[]>`
      with own as materialized (
        select xmin as writer from dag_run where id = ${run.id}
      )
      select
        (select count(*)::int from dag_run, own where dag_run.xmin = writer) as run,
        (select count(*)::int from expansion, own where expansion.xmin = writer) as expansions,
        (select count(*)::int from page, own where page.xmin = writer) as pages,
        (select count(*)::int from offer, own where offer.xmin = writer) as offers
    `,
  )
  if (row === undefined) throw new Error(`run ${run.runId} is not there`)
  return row
}
