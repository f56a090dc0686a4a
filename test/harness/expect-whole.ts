import { expect } from "vitest"
import { openDatabase } from "./database.ts"
import type { Run } from "./run.ts"
import type { World } from "./world.ts"

/** The law of a map after whatever happened: each index has one record, each item ran at least once, nothing is left. */
export async function expectWholeMap(world: World, run: Run, taskId: string, total: number): Promise<void> {
  const { expansionId, ...view } = await run.view(taskId)
  expect(view).toMatchObject({ created: total, success: total, failed: 0, running: 0, state: "success" })
  const database = openDatabase(world.url)
  const [rows] = await database.query<{ rows: number; first: number; last: number }>(
    (sql) => sql`
    select count(*)::int as rows, min(map_index)::int as first, max(map_index)::int as last
    from task_instance where expansion_id = ${expansionId} and state = 'success'
  `,
  )
  expect(rows).toEqual({ rows: total, first: 0, last: total - 1 })
  await expectNothingLeft(world)
}

/** After all runs have ended nothing is leased, nothing offered, no page open. */
export async function expectNothingLeft(world: World): Promise<void> {
  const [left] = await openDatabase(world.url).query<{
    leases: number
    offers: number
    triggers: number
    pages: number
  }>(
    (sql) => sql`
      select (select count(*)::int from lease) as leases, (select count(*)::int from offer) as offers,
        (select count(*)::int from trigger) as triggers,
        (select count(*)::int from page where not folded or claimable) as pages
    `,
  )
  expect(left).toEqual({ leases: 0, offers: 0, triggers: 0, pages: 0 })
}

/** Each item ran; says how many times in all. */
export function expectEachRan(run: Run, total: number, what = "ran"): number {
  const times = run.records.times(what, "n")
  expect(times.size).toBe(total)
  return [...times.values()].reduce((sum, count) => sum + count, 0)
}
