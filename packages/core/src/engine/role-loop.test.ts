import { Effect, Fiber } from "effect"
import { expect, it } from "vitest"
import { apart, idly } from "../store/turn.ts"
import { ObservedTurns, roleLoop } from "./role-loop.ts"

/** Runs a loop until it has been told of so many turns. */
async function observe(turn: Effect.Effect<unknown, unknown>, count: number) {
  const told: { loop: string; workedMs: number; isFailed: boolean }[] = []
  let done = () => {}
  const enough = new Promise<void>((resolve) => (done = resolve))
  const loop = roleLoop("tester", turn).pipe(
    Effect.provideService(ObservedTurns, (loop, { workedMs, isFailed }) => {
      told.push({ loop, workedMs, isFailed })
      if (told.length === count) done()
    }),
  )
  const fiber = Effect.runFork(loop)
  await enough
  await Effect.runPromise(Fiber.interrupt(fiber))
  return told
}

const waitMs = 60

it("a turn is told of with the time that it worked, without that in which it waited", async () => {
  const wait = idly(idly(Effect.sleep(waitMs)))
  const [told] = await observe(Effect.andThen(Effect.sleep(5), wait), 1)
  expect(told).toMatchObject({ loop: "tester", isFailed: false })
  expect(told!.workedMs).toBeGreaterThan(0)
  expect(told!.workedMs).toBeLessThan(waitMs)
})

it("what goes on beside a turn takes nothing from it, and a turn that fails is told of as such", async () => {
  const beside = Effect.forkChild(apart(idly(Effect.sleep(waitMs))))
  const turn = beside.pipe(Effect.andThen(Effect.sleep(waitMs)), Effect.andThen(Effect.fail("no")))
  const [told] = await observe(turn, 1)
  expect(told!.isFailed).toBe(true)
  expect(told!.workedMs).toBeGreaterThan(waitMs / 2)
})
