import fc from "fast-check"
import { describe, expect, it, onTestFinished } from "vitest"
import { type Step, applyStep, steps } from "./history-steps.ts"
import { type History, beginHistory, expectAddsUp, finishHistory } from "./history.ts"
import type { ContractOptions, OpenStore, StoreHarness } from "./harness.ts"
import { runEffect } from "./run-effect.ts"

/** Random histories of one expansion, checked against what can be known of it after each step. */
export function historyContract(open: OpenStore, options: ContractOptions): void {
  describe("any history of an expansion", () => {
    const numRuns = options.slow === true ? 120 : 400

    it("adds up after each step, loses no instance, and records each once", async () => {
      await fc.assert(fc.asyncProperty(steps, liveEach(open, null)), { numRuns })
    })

    it("adds up with a limit on concurrency as well, which it never exceeds", async () => {
      await fc.assert(fc.asyncProperty(steps, liveEach(open, 3)), { numRuns: Math.ceil(numRuns / 2) })
    })
  })
}

/** Lives through histories one after the other, in one store until one of them breaks it. */
function liveEach(open: OpenStore, concurrency: number | null): (history: Step[]) => Promise<void> {
  let world: StoreHarness | null = null
  let number = 0
  onTestFinished(() => world?.close())
  return async (history) => {
    const used = (world ??= await open())
    try {
      await live(used, { number: number++, concurrency }, history)
    } catch (error) {
      world = null
      await used.close()
      throw error
    }
  }
}

/** Lives through one history in a run of its own, and leaves nothing of it to be claimed by the next. */
async function live(
  world: StoreHarness,
  options: { number: number; concurrency: number | null },
  history: readonly Step[],
): Promise<void> {
  const state = await beginHistory(world, options)
  for (const step of history) {
    await applyStep(state, step)
    await expectAddsUp(state)
  }
  await finishHistory(state)
  await expectDone(state)
  await runEffect(
    world.store.cancelDagRun({ dagRunId: state.map.dagRunId, note: "the test is over", actor: "tester" }),
  )
}

/** Nothing was lost on the way: every instance there ever was has ended, and the scheduler can tell. */
async function expectDone(state: History): Promise<void> {
  const { store } = state.world
  await runEffect(store.fold({ expansionIds: [state.map.expansionId], limit: 1000 }))
  const due = await runEffect(store.dueExpansions({ limit: 1000 }))
  const facts = due.find(({ expansionId }) => expansionId === state.map.expansionId)
  expect(facts).toMatchObject({ state: "draining", exhausted: true, created: state.created })
  const { success, failed, skipped, upstreamFailed } = facts!
  expect(success + failed + skipped + upstreamFailed).toBe(state.created)
}
