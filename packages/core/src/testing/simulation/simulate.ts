/**
 * One simulated world: the real engine over the memory store, in virtual time, under one seed.
 *
 * The seed decides the DAG, the engines, what goes wrong and in which order all things happen. Nothing else does: no
 * clock, no chance, no network is real, so the same seed gives the same events, to the last.
 */
import { Effect } from "effect"
import { buildDag } from "./build-dag.ts"
import { drawControl, drawLimits, startControl } from "./control-plan.ts"
import { type DagSpec, drawDag, drawKeys, drawLoops, drawOrder } from "./dag-spec.ts"
import { EngineProcess } from "./engine-process.ts"
import { drawEngines } from "./engines.ts"
import { wrongOutcome } from "./expect-outcomes.ts"
import { drawGrowth, extendRuns } from "./extend-runs.ts"
import { drawFaults } from "./faults.ts"
import { startTimedFaults } from "./happen.ts"
import { watchInvariants } from "./invariants.ts"
import { expectedRun, type MendedRun } from "./model.ts"
import { randomFor } from "./random.ts"
import { mendEnded, redriveEnded, startRedrives } from "./redrive-runs.ts"
import { simulateCode } from "./simulated-code.ts"
import { SimulatedHosts } from "./simulated-hosts.ts"
import { type Cluster, openStore, storeOf } from "./simulated-store.ts"
import { type World, fail, makeWorld, noteFault, settle } from "./world.ts"

/** Virtual time in which everything must have ended, counted from when the last thing went wrong. */
export const progressBoundMs = 240_000

/** Virtual time that engines have, after the last run has ended, to let go of what they hold. */
const lingerMs = 12_000

/** Virtual time in which engines must have stopped when they are told to. */
const stopMsMax = 30_000

/** The most engines that the faults of one world may kill. */
const deathsMax = 12

/** How a world is lived through. */
export interface SimulationOptions {
  /** Keeps every event, not only the last. */
  readonly keepsAll?: boolean
  /** Cancels and resumes runs many times in a row. */
  readonly isFlickering?: boolean
}

/** How a simulated world went. */
export interface SimulationResult {
  readonly seed: number
  readonly isFlickering: boolean
  /** What must never happen, and did; null: nothing. */
  readonly failure: string | null
  /** Equal for two worlds in which the same happened. */
  readonly hash: string
  readonly events: number
  /** Virtual milliseconds until the last run had ended. */
  readonly endedMs: number
  readonly faults: readonly string[]
  readonly pollEnded: readonly string[]
  readonly lines: readonly string[]
  readonly spec: DagSpec
}

/** Lives through the world of a seed. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  const isFlickering = options.isFlickering ?? false
  const plan = drawFaults(randomFor(seed, "faults"), { isFlickering })
  const world = makeWorld({ seed, plan, keepsAll: options.keepsAll ?? false })
  const keyed = drawKeys(drawDag(randomFor(seed, "dag")), randomFor(seed, "keys"))
  const ordered = drawLoops(drawOrder(keyed, randomFor(seed, "order of results")), randomFor(seed, "loops"))
  const spec = isSteeredWorld(seed) ? drawLimits(ordered, randomFor(seed, "limits")) : ordered
  let endedMs = -1
  try {
    endedMs = await live(world, spec)
  } catch (error) {
    fail(world, error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  const { failure, log, faults, pollEnded } = world
  return {
    seed,
    isFlickering,
    failure,
    hash: log.hash,
    events: log.count,
    endedMs,
    faults,
    pollEnded,
    lines: log.lines(),
    spec,
  }
}

/** Whether operators steer the maps of a world, and these have limits on their failures. */
function isSteeredWorld(seed: number): boolean {
  return randomFor(seed, "steered").chance(0.5)
}

async function live(world: World, spec: DagSpec): Promise<number> {
  // A world is steered, or its runs are extended and redriven: what was stopped or cancelled ends as nobody can foretell.
  const isSteered = isSteeredWorld(world.seed)
  const control = isSteered ? drawControl(randomFor(world.seed, "control"), world.plan) : []
  const growth = isSteered ? null : drawGrowth(spec, world.seed)
  const mended = new Map<string, string>()
  const { doings, ledger } = simulateCode(spec, { growth, mended })
  const definition = buildDag(spec, doings)
  const serialized = definition.serialize()
  const expected = expectedRun(spec, serialized)
  const expectedGrown = growth === null ? expected : expectedRun(growth.spec, serialized)
  const { state, store } = openStore(() => world.time.now)
  const checker = watchInvariants(state, (message) => fail(world, message))
  const processes: EngineProcess[] = []
  let deaths = 0
  let isOver = false
  const cluster: Cluster = { world, store, state, checker, processes, die: (process) => die(process, "dies") }
  const start = (options: EngineProcess["options"] & { name: string }) => {
    const process = new EngineProcess(world, options)
    processes.push(process)
    world.log.add(`${process.name} starts`)
    process.start(storeOf(cluster, process), new SimulatedHosts(process, definition))
  }
  const startAgain = (process: EngineProcess) => {
    deaths += 1
    const name = `${process.name.split(".")[0]}.${deaths}`
    world.time.after(world.random.integer(10, 3_000), () => {
      if (!isOver) start({ ...process.options, name })
    })
  }
  const die = (process: EngineProcess, how: string) => {
    if (process.state === "dead" || deaths >= deathsMax) return false
    noteFault(world, `${process.name} ${how}`)
    process.kill()
    startAgain(process)
    return true
  }
  const stop = (process: EngineProcess) => {
    if (process.state !== "running" || deaths >= deathsMax) return
    noteFault(world, `${process.name} is told to stop`)
    process.stop(() => {
      world.log.add(`${process.name} has stopped`)
      process.kill()
      startAgain(process)
    })
  }
  const runs = await createRuns(world, cluster, definition)
  for (const options of drawEngines(randomFor(world.seed, "engines"))) start(options)
  const stopRedrives = isSteered ? () => {} : startRedrives(cluster, { dag: serialized, runs })
  startControl(cluster, control, { dag: serialized, runs })
  startTimedFaults({ cluster, die: (process) => void die(process, "is killed"), stop, runs })
  const untilEnded = () =>
    runUntil(
      world,
      () => runs.every((id) => hasEnded(state, id)),
      world.troubleUntilMs + progressBoundMs,
      "the runs have not ended",
    )
  await untilEnded()
  if (growth !== null && world.failure === null) {
    extendRuns(cluster, growth, { dag: serialized, runs: state.runs })
    await untilEnded()
  }
  if (world.failure === null && !isSteered && redriveEnded(cluster, { dag: serialized, runs }))
    await untilEnded()
  stopRedrives()
  const mendedRuns =
    world.failure === null && !isSteered
      ? mendEnded(cluster, { dag: serialized, runs: state.runs, mended })
      : new Map<string, MendedRun>()
  if (mendedRuns.size > 0) await untilEnded()
  const endedMs = world.time.elapsed
  const until = endedMs + lingerMs
  await runUntil(
    world,
    () => world.time.elapsed >= until && processes.every(({ state }) => state !== "paused"),
    until + stopMsMax,
    "an engine is still stopped",
  )
  isOver = true
  await stopAll(world, processes)
  const wrong =
    world.failure === null
      ? wrongOutcome(
          state,
          ({ runId }) => {
            const hasGrown = growth?.grown.has(runId) === true
            const how = mendedRuns.get(runId)
            if (how === undefined) return hasGrown ? expectedGrown : expected
            return expectedRun(hasGrown ? growth.spec : spec, serialized, how)
          },
          ledger,
        )
      : null
  if (wrong !== null) fail(world, wrong)
  return endedMs
}

function hasEnded(
  state: { runs: readonly { id: string; state: string; isCancelled: boolean }[] },
  id: string,
): boolean {
  const run = state.runs.find((each) => each.id === id)
  return run !== undefined && run.state !== "running" && run.state !== "queued" && !run.isCancelled
}

async function createRuns(
  world: World,
  { store }: Cluster,
  definition: ReturnType<typeof buildDag>,
): Promise<string[]> {
  const count = randomFor(world.seed, "runs").chance(0.25) ? 2 : 1
  const bundle = { hash: "simulated", code: "", sourceMap: null }
  await Effect.runPromise(store.registerDag({ dag: definition.serialize(), bundle }))
  const ids: string[] = []
  for (let number = 1; number <= count; number++) {
    const run = await Effect.runPromise(
      store.createDagRun({
        dagId: "simulated",
        runId: `run${number}`,
        runType: "manual",
        conf: {},
        logicalDate: null,
      }),
    )
    ids.push(run.id)
  }
  return ids
}

/** Lets things happen until something is so; it is a failure when that takes too long. */
async function runUntil(
  world: World,
  isSo: () => boolean,
  boundMs: number,
  otherwise: string,
): Promise<void> {
  while (world.failure === null && !isSo()) {
    if (!world.time.advance()) return fail(world, `nothing is left to happen: ${otherwise}`)
    if (world.time.elapsed > boundMs) return fail(world, `${otherwise} after ${boundMs} virtual ms`)
    await settle(world)
  }
}

/** Stops every engine as SIGTERM does, and waits for it. */
async function stopAll(world: World, processes: readonly EngineProcess[]): Promise<void> {
  for (const process of processes) if (process.state !== "dead") process.stop(() => process.kill())
  await settle(world)
  const haveStopped = () => processes.every(({ state }) => state === "dead")
  await runUntil(world, haveStopped, world.time.elapsed + stopMsMax, "an engine told to stop goes on")
}
