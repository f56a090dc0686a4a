/**
 * The opponent of the `limit` bench: the same work with no engine around it, as short as it can be written.
 *
 * One process and two connections. It reads the same pages, calls the same async function on each item, and writes the
 * same row for each finished item (the table `task_instance`, its key and its checks), a page in one statement, with the
 * fastest form of insert we know. While a page is written, the next one is worked on. It keeps no inputs, no cursor and no
 * leases: killed, it would begin again. With `keepsPages` it also stores each page and cursor before it works on it,
 * as anything must that wants to go on after a crash.
 *
 * Arguments: the database's URL.
 */
import { createClient } from "@sluice/postgres"
import { type Amount, doNothing, type Item, readPages, wait } from "../dags/work.ts"
import { serve } from "./child.ts"

/** Work for the loop. */
export interface LoopQuestion {
  readonly amount: Amount
  /** The number under which its rows are written. */
  readonly expansionId: number
  readonly keepsPages: boolean
}

/** How long it took. */
export interface LoopAnswer {
  readonly ms: number
}

const connections = 2
const pageSize = 1_000
/** Items under way at once, where they take time: as many as the engine's worker runs. */
const concurrency = 64
/** Statements that may be on their way before the loop waits. */
const writesMax = 2

const [url = ""] = process.argv.slice(2)
const client = createClient({ url, applicationName: "sluice bench loop", max: connections, hot: true })
await client.run("bench", (sql) => sql`select 1`)
serve(runLoop, () => client.close())

async function runLoop({ amount, expansionId, keepsPages }: LoopQuestion): Promise<LoopAnswer> {
  const startedAt = performance.now()
  if (keepsPages) await addExpansion(expansionId)
  const writes = new Set<Promise<unknown>>()
  for await (const { items, next } of readPages({ amount, pageSize, start: 0 })) {
    if (keepsPages) await writePage(expansionId, items, next)
    const values = JSON.stringify(await work(items, amount))
    const write = writeResults(expansionId, items, values)
    const settled = write.finally(() => writes.delete(settled))
    writes.add(settled)
    if (writes.size >= writesMax) await Promise.race(writes)
  }
  await Promise.all(writes)
  return { ms: performance.now() - startedAt }
}

async function work(items: readonly Item[], { itemMs }: Amount): Promise<unknown[]> {
  const results: unknown[] = []
  if (itemMs === undefined) {
    for (const item of items) results.push(await doNothing(item))
    return results
  }
  let at = 0
  const lane = async () => {
    for (let mine = at++; mine < items.length; mine = at++)
      results[mine] = await wait(items[mine] as Item, itemMs)
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
  return results
}

function writeResults(expansionId: number, items: readonly Item[], values: string): Promise<unknown> {
  const first = items[0]?.n ?? 0
  return client.run(
    "results",
    (sql) => sql`
      insert into task_instance (expansion_id, map_index, started_at, ended_at, state, try_number, value)
      select ${expansionId}::bigint, ${first}::bigint + outcome.place - 1, now(), now(), 'success', 1, outcome.value
      from json_array_elements(${values}::text::json) with ordinality as outcome (value, place)
    `,
  )
}

/** The loop's own progress, in a table of its own: a cursor that moves with each page. */
async function addExpansion(expansionId: number): Promise<void> {
  await client.run("create", (sql) =>
    sql.unsafe(
      "create table if not exists loop_progress (id bigint primary key, cursor text) with (fillfactor = 50)",
    ),
  )
  await client.run("create", (sql) => sql`insert into loop_progress (id) values (${expansionId})`)
}

function writePage(expansionId: number, items: readonly Item[], next: number | null): Promise<unknown> {
  const texts = items.map((item) => JSON.stringify(item))
  return client.run(
    "page",
    (sql) => sql`
      with moved as (
        update loop_progress set cursor = ${String(next)} where id = ${expansionId}
      )
      insert into page (expansion_id, first_index, count, urgency, claimable, items)
      values (${expansionId}, ${items[0]?.n ?? 0}, ${items.length}, 0, false, ${texts}::text[])
    `,
  )
}
