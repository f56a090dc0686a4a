/**
 * An item costs as much at the end of a million as at the beginning: the last tenth of a run takes at most 1.15 of the
 * time and of Postgres' CPU of the first tenth.
 *
 * The run is watched from outside, a few times a second: how many items have ended, and what each part has used by then.
 */
import { createClient } from "@sluice/postgres"
import { setTimeout as sleep } from "node:timers/promises"
import { type BenchContext, format } from "./harness/bench.ts"
import { startEngine } from "./harness/engine.ts"
import { cpuUs } from "./harness/processes.ts"

const itemsDefault = 1_000_000
const smokeItems = 20_000
const warmUpItems = 50_000
const lookEveryMs = 50
const tenths = 10
const growthMax = 1.15

export const name = "growth"
export const claim = `the last tenth of a million items costs at most ${growthMax} of the first tenth, in time and in Postgres CPU`

/** Runs the bench. */
export async function run(context: BenchContext): Promise<void> {
  const { server, say, record, hold } = context
  const items = context.items ?? (context.isSmoke ? smokeItems : itemsDefault)
  const url = await server.createDatabase("growth")
  const engine = startEngine(server, url)
  await engine.run({ dagId: "flat", conf: { items: Math.min(items, warmUpItems) } })
  const watch = watchRun(context, url, engine.pid)
  await engine.run({ dagId: "flat", conf: { items } })
  const looks = await watch.stop()
  await engine.stop()
  const cost = Array.from({ length: tenths }, (_, tenth) => costOf(looks, items, tenth))
  for (const [tenth, { us, postgresUs, engineUs }] of cost.entries()) {
    say(
      `  tenth ${tenth + 1}: ${format(us)} µs an item, Postgres ${format(postgresUs)}, engine ${format(engineUs)}`,
    )
    record({ items, tenth: tenth + 1, us, postgresUs, engineUs })
  }
  const [first, last] = [cost[0], cost.at(-1)]
  // At tiny sizes a tenth may pass between two looks: there is nothing to compare.
  if (first === undefined || last === undefined || first.us === 0 || first.postgresUs === 0) return
  const atMost = growthMax
  hold({ figure: "time of the last tenth against the first", value: last.us / first.us, atMost })
  hold({
    figure: "Postgres CPU of the last tenth against the first",
    value: last.postgresUs / first.postgresUs,
    atMost,
  })
}

/** What had been used when so many items had ended. */
interface Look {
  readonly ended: number
  readonly us: number
  readonly postgresUs: number
  readonly engineUs: number
}

/** Looks at the newest run until it is stopped. */
function watchRun({ server }: BenchContext, url: string, enginePid: number): { stop(): Promise<Look[]> } {
  const client = createClient({ url, applicationName: "sluice bench watch", max: 1, hot: true })
  const looks: Look[] = []
  const stopping = new AbortController()
  const look = async () => {
    const [row] = await client.run(
      "look",
      (sql) => sql<{ ended: string }[]>`
        select e.success + (
          select coalesce(sum(page.finished), 0) from page where page.expansion_id = e.id and not page.folded
        ) as ended
        from expansion e
        where e.kind = 'mapped' and e.dag_run_id > 1
        order by e.id desc limit 1
      `,
    )
    if (row === undefined) return
    const us = performance.now() * 1_000
    looks.push({ ended: Number(row.ended), us, postgresUs: server.cpuUs(), engineUs: cpuUs(enginePid) })
  }
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      await look()
      await sleep(lookEveryMs)
    }
    await look()
  })()
  return {
    stop: async () => {
      stopping.abort()
      await watching
      await client.close()
      return looks
    },
  }
}

/** The cost of an item within one tenth of the run. */
function costOf(looks: readonly Look[], items: number, tenth: number): Omit<Look, "ended"> {
  const size = items / tenths
  const from = at(looks, tenth * size)
  const to = at(looks, (tenth + 1) * size)
  return {
    us: (to.us - from.us) / size,
    postgresUs: (to.postgresUs - from.postgresUs) / size,
    engineUs: (to.engineUs - from.engineUs) / size,
  }
}

/** What had been used when this many had ended, between the looks before and after. */
function at(looks: readonly Look[], ended: number): Look {
  const after = looks.findIndex((look) => look.ended >= ended && look.ended > 0)
  const [low, high] = [looks[Math.max(0, after - 1)], looks[after]]
  if (low === undefined || high === undefined) throw new Error(`nobody looked when ${ended} items had ended`)
  const part = high.ended === low.ended ? 0 : (ended - low.ended) / (high.ended - low.ended)
  const between = (a: number, b: number) => a + (b - a) * part
  return {
    ended,
    us: between(low.us, high.us),
    postgresUs: between(low.postgresUs, high.postgresUs),
    engineUs: between(low.engineUs, high.engineUs),
  }
}
