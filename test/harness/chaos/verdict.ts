/** What became of a run of the `chaos` DAG: by the database, and by what user code recorded past it. */
import { createClient } from "@sluice/postgres"
import type { Run } from "../run.ts"
import type { World } from "../world.ts"

/** Counts over both maps of the run. */
export interface Verdict {
  /** Items that the source gave and of which a map has no record, or which never ran. */
  readonly lost: number
  /** Items with more than one instance, in either map. */
  readonly doubled: number
  /** Pages that the source was asked for more than once, and how often beyond the first time. */
  readonly pulledAgain: number
  /** Executions beyond the first of each item. */
  readonly ranAgain: number
  /** Leases, offers and unfolded pages that the run has left behind. */
  readonly left: number
}

interface MapRows {
  readonly taskId: string
  readonly rows: number
  readonly distinct: number
}

/** Judges a run that has ended, of which `items` were to be made. */
export async function judge(world: World, run: Run, items: number): Promise<Verdict> {
  const client = createClient({ url: world.url, max: 1, applicationName: "sluice verdict" })
  try {
    const maps = await client.run(
      "maps",
      (sql) => sql<MapRows[]>`
        select task_id, count(*)::int as rows,
          count(distinct case task_id when 'first' then value #>> '{}' else value ->> 'n' end)::int as distinct
        from expansion
        join task_instance on task_instance.expansion_id = expansion.id and task_instance.state = 'success'
        where dag_run_id = ${run.id} and task_id in ('first', 'second')
        group by task_id
      `,
    )
    const [left] = await client.run(
      "left",
      (sql) => sql<{ left: number }[]>`
        select (select count(*) from lease where expansion_id / 4096 = ${run.id})::int
          + (select count(*) from offer where expansion_id / 4096 = ${run.id})::int
          + (select count(*) from page where expansion_id / 4096 = ${run.id} and (claimable or not folded))::int as left
      `,
    )
    return { ...counted(maps, run, items), left: left?.left ?? Number.NaN }
  } finally {
    await client.close()
  }
}

function counted(maps: readonly MapRows[], run: Run, items: number): Omit<Verdict, "left"> {
  const pulls = run.records.times("pulled", "from")
  const verdict = { lost: 0, doubled: 0, pulledAgain: beyondFirst(pulls), ranAgain: 0 }
  for (const taskId of ["first", "second"]) {
    const { rows = 0, distinct = 0 } = maps.find((map) => map.taskId === taskId) ?? {}
    const ran = run.records.times(taskId, "n")
    verdict.lost += Math.max(items - distinct, items - ran.size)
    verdict.doubled += rows - distinct
    verdict.ranAgain += beyondFirst(ran)
  }
  return verdict
}

function beyondFirst(times: ReadonlyMap<unknown, number>): number {
  return [...times.values()].reduce((sum, count) => sum + count - 1, 0)
}
