/** Deletion under pruners that are killed: the next one goes on where the last statement ended. */
import { Effect } from "effect"
import { createRun } from "@sluice/core/testing"
import { createClient } from "@sluice/postgres"
import { expect, it } from "vitest"
import { EngineChild } from "../harness/chaos/engine-child.ts"
import { eventually } from "../harness/eventually.ts"
import { openWorld } from "../harness/world.ts"

const instances = 60_000

it("removes all of a run, and nothing of another, though a pruner dies after a statement", async () => {
  const world = await openWorld({ dagFiles: [] })
  const { store } = world
  const client = createClient({ url: world.url, max: 1, applicationName: "pruner test" })
  const runs: string[] = []
  for (const runId of ["gone", "kept"]) {
    const { run, ids } = await createRun({ store } as never, { runId, tasks: [{ taskId: "t" }] })
    await client.run(
      "fill",
      (sql) => sql`
          insert into task_instance (expansion_id, map_index, started_at, ended_at, state, try_number)
          select ${ids["t"]!}, i, now(), now(), 'success', 1 from generate_series(1, ${instances}::int) i
        `,
    )
    await Effect.runPromise(store.cancelDagRun({ dagRunId: run.id, note: "enough", actor: "tester" }))
    runs.push(run.id)
  }
  const rowsOf = (dagRunId: string) =>
    client.run("count", async (sql) => {
      const [row] = await sql<{ count: number }[]>`
          select count(*)::int as count from task_instance
          where expansion_id between ${dagRunId}::bigint * 4096 and ${dagRunId}::bigint * 4096 + 4095
        `
      return row!.count
    })
  const [gone = "", kept = ""] = runs
  const victim = new EngineChild(world, ["pruner"])
  await victim.arm({ verb: "pruneRows", when: "after", nth: 3, ifFound: true })
  await Effect.runPromise(store.deleteDagRun({ dagRunId: gone, actor: "tester" }))
  store.wake("prune")
  expect(await victim.ended).toBe("SIGKILL")
  const left = await rowsOf(gone)
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThan(instances)
  const next = await new EngineChild(world, ["pruner"]).ready()
  await eventually("nothing is left", async () => ((await rowsOf(gone)) === 0 ? true : undefined))
  await eventually("the run is forgotten", () =>
    client.run("left", async (sql) => ((await sql`select from deleted_run`).length === 0 ? true : undefined)),
  )
  expect(await rowsOf(kept)).toBe(instances)
  expect(await next.drain()).toBe(0)
  expect(next.stderr).toBe("")
  await client.close()
})
