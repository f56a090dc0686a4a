/** `npm run simulate -- --seeds N [--from S]`, or `--seed X --trace` to see one world in full; `--flicker` cancels and resumes much. */
import { parseArgs } from "node:util"
import { describeFailure } from "./report.ts"
import { type SimulationResult, simulate } from "./simulate.ts"

/** Failing seeds that are printed in full; of the others only the number. */
const failuresPrinted = 3

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    flicker: { type: "boolean", default: false },
  },
})
const isFlickering = values.flicker
process.exitCode =
  values.seed === undefined
    ? await many(Number(values.from), Number(values.seeds))
    : await one(Number(values.seed))

/** Lives through one world, twice: the second time must be as the first. */
async function one(seed: number): Promise<number> {
  const result = await simulate(seed, { keepsAll: values.trace, isFlickering })
  const again = await simulate(seed, { isFlickering })
  console.log(describeFailure(result))
  console.log(`${result.events} events, ended after ${result.endedMs} virtual ms, hash ${result.hash}`)
  for (const wait of result.pollEnded) console.log(`only a poll ended a wait: ${wait}`)
  if (again.hash === result.hash) return result.failure === null ? 0 : 1
  console.log(`not deterministic: the second time the hash was ${again.hash}`)
  return 1
}

async function many(from: number, count: number): Promise<number> {
  const startedAt = performance.now()
  const failed: SimulationResult[] = []
  let polls = 0
  let slowestMs = 0
  for (let seed = from; seed < from + count; seed++) {
    const result = await simulate(seed, { isFlickering })
    slowestMs = Math.max(slowestMs, result.endedMs)
    polls += result.pollEnded.length
    for (const wait of result.pollEnded) console.log(`seed ${seed}: only a poll ended a wait: ${wait}`)
    if (result.failure === null) continue
    failed.push(result)
    console.log(
      failed.length <= failuresPrinted
        ? describeFailure(result)
        : `seed ${seed}: ${result.failure.split("\n")[0]}`,
    )
  }
  const seconds = (performance.now() - startedAt) / 1000
  console.log(
    `${count} seeds from ${from}: ${failed.length} failed, ${polls} waits ended by a poll, the longest run took ` +
      `${slowestMs} virtual ms; ${(count / seconds).toFixed(0)} seeds/s`,
  )
  return failed.length === 0 ? 0 : 1
}
