import { Effect } from "effect"
import fc from "fast-check"
import { expect, it } from "vitest"
import { makeMemoryStore } from "../store/memory.ts"
import { createRun, items, openMap } from "../testing/store-contract/index.ts"
import {
  makeExpiry,
  makePruner,
  nextPruneSize,
  prunedRowsMax,
  prunedRowsMin,
  pruneOnce,
  pruneStatementMs,
  retentionDefaults,
} from "./pruner.ts"

const run = Effect.runPromise

async function setup() {
  const store = makeMemoryStore()
  const map = await openMap({ store } as never, {})
  await map.commit(items(200))
  for (let page = 0; page < 3; page++) await map.commit(items(200))
  await run(store.cancelDagRun({ dagRunId: map.dagRunId, note: "enough", actor: "tester" }))
  await run(store.deleteDagRun({ dagRunId: map.dagRunId, actor: "tester" }))
  return store
}

it("removes what a deleted run has left, whoever began it", async () => {
  const store = await setup()
  const lead = async (holder: string) => ({
    ...{ role: "pruner", holder },
    epoch: (await run(store.lead({ role: "pruner", holder, leaseSeconds: 60 })))!,
  })
  const first = await lead("first")
  const begun = await run(pruneOnce(store, first, 2))
  expect(begun).toMatchObject({ removed: 2, isDone: false })
  await run(store.resign(first))
  const second = await lead("second")
  expect(await run(pruneOnce(store, second, 1000))).toMatchObject({ removed: 2, isDone: true })
})

it("lets one of two pruners lead, and gives the lead back", async () => {
  const store = await setup()
  await run(
    Effect.scoped(
      Effect.gen(function* () {
        const pruner = yield* makePruner(store, "one")
        yield* pruner.turn.pipe(Effect.timeoutOption(50))
        expect(yield* store.lead({ role: "pruner", holder: "two", leaseSeconds: 60 })).toBeNull()
        yield* pruner.resign
        expect(yield* store.lead({ role: "pruner", holder: "two", leaseSeconds: 60 })).not.toBeNull()
      }),
    ),
  )
})

it("never takes more rows after a slow statement, nor fewer after a fast one, and stays within its bounds", () => {
  const sizes = fc.integer({ min: prunedRowsMin, max: prunedRowsMax })
  fc.assert(
    fc.property(sizes, fc.double({ min: 0, max: 60_000, noNaN: true }), (size, tookMs) => {
      const next = nextPruneSize(size, tookMs)
      expect(next).toBeGreaterThanOrEqual(prunedRowsMin)
      expect(next).toBeLessThanOrEqual(prunedRowsMax)
      if (tookMs > pruneStatementMs) expect(next).toBeLessThanOrEqual(size)
      else expect(next).toBeGreaterThanOrEqual(size)
    }),
  )
})

it("looks at everything that may be old in turn, and then rests", async () => {
  const store = makeMemoryStore()
  const { run: made } = await createRun({ store } as never, { tasks: [] })
  await run(store.finishDagRun({ dagRunId: made.id, state: "success", reopenings: 0 }))
  const epoch = (await run(store.lead({ role: "pruner", holder: "p", leaseSeconds: 60 })))!
  const leadership = { role: "pruner", holder: "p", epoch }
  const keep = { ...retentionDefaults, runs: { days: 0, count: null }, eventsDays: 1, versionsDays: 1 }
  const expire = makeExpiry(store, keep)
  const turns = []
  for (let turn = 0; turn < 4; turn++) turns.push(await run(expire(leadership)))
  expect(turns).toEqual([
    { removed: 1, hasMore: true },
    { removed: 0, hasMore: true },
    { removed: 0, hasMore: false },
    { removed: 0, hasMore: true },
  ])
})

it("has nothing to do where nothing was deleted", async () => {
  const store = makeMemoryStore()
  await createRun({ store } as never, { tasks: [{ taskId: "t" }] })
  const epoch = (await run(store.lead({ role: "pruner", holder: "p", leaseSeconds: 60 })))!
  const turn = pruneOnce(store, { role: "pruner", holder: "p", epoch }, 100)
  expect(await run(turn)).toMatchObject({ removed: 0, isDone: true })
})
