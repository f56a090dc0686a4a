import { Cause, Effect, Exit } from "effect"
import { followersOf } from "../../dag/followers.ts"
import type { SerializedDag } from "../../dag/serialized-dag.ts"
import { clear, redrive } from "../../engine/redrive/redrive.ts"
import { type RedrivableState, redrivableStates } from "../../store/redrive-store.ts"
import type { StoreService } from "../../store/store.ts"
import type { MendedRun } from "./model.ts"
import { type SeededRandom, randomFor } from "./random.ts"
import type { Cluster, StoreVerb } from "./simulated-store.ts"
import { type World, noteFault } from "./world.ts"

/** The most redrives of one world while its runs go on, and the time in which they come. */
const redrivesMax = 4
const redriveMsMax = 6_000

/**
 * Lets an operator run instances again now and then, while the runs go on and after they have ended.
 *
 * What code does follows from its input alone. So whatever is run again, and whatever follows, must end as if nothing had
 * been. Gives what ends it.
 */
export function startRedrives(
  cluster: Cluster,
  { dag, runs }: { readonly dag: SerializedDag; readonly runs: readonly string[] },
): () => void {
  const { world } = cluster
  const random = randomFor(world.seed, "redrives")
  let isOver = false
  const stop = () => {
    isOver = true
  }
  if (random.chance(0.4)) return stop
  for (let count = random.integer(1, redrivesMax); count > 0; count--) {
    world.time.after(random.integer(0, redriveMsMax), () => {
      if (!isOver) runAgain(cluster, { dag, dagRunId: random.pick([...runs]), random })
    })
  }
  return stop
}

/** Runs something of a run again that has ended, in some worlds; says whether anything. */
export function redriveEnded(
  cluster: Cluster,
  { dag, runs }: { readonly dag: SerializedDag; readonly runs: readonly string[] },
): boolean {
  const random = randomFor(cluster.world.seed, "redrives of ended runs")
  if (random.chance(0.4)) return false
  return runs.map((dagRunId) => runAgain(cluster, { dag, dagRunId, random })).some(Boolean)
}

/**
 * Mends the code of one task, in some worlds, and runs what it had failed or skipped again in each run that has ended.
 * Left out are runs in which a map below would stay as it is. Says of each run by its name how it was mended.
 */
export function mendEnded(
  cluster: Cluster,
  {
    dag,
    runs,
    mended,
  }: {
    readonly dag: SerializedDag
    readonly runs: readonly { id: string; runId: string }[]
    readonly mended: Map<string, string>
  },
): ReadonlyMap<string, MendedRun> {
  const random = randomFor(cluster.world.seed, "mended code")
  const done = new Map<string, MendedRun>()
  if (random.chance(0.4)) return done
  const store = operatorOf(cluster)
  for (const { id, runId } of runs) {
    const taskId = pickTask(dag, random)
    const select = { states: ["failed", "skipped"] as const }
    const options = {
      dagRunId: id,
      taskId,
      select,
      downstream: true,
      actor: "simulation",
      event: "redriven",
    } as const
    const plan = Effect.runSyncExit(redrive(store, { ...options, isDryRun: true }))
    if (Exit.isFailure(plan) || plan.value.selected === 0) continue
    if (plan.value.downstream.some(({ runs }) => runs === "nothing")) continue
    mended.set(runId, taskId)
    const { downstream } = Effect.runSync(redrive(store, { ...options, isDryRun: false }))
    const following = downstream.flatMap((effect) => (effect.runs === "instances" ? [effect.taskId] : []))
    done.set(runId, { taskId, following: new Set(following) })
    noteFault(
      cluster.world,
      `${plan.value.selected} instances of ${taskId} of ${runId} are run again, mended`,
    )
    troubleAgain(cluster.world)
  }
  return done
}

function runAgain(
  cluster: Cluster,
  { dag, dagRunId, random }: { dag: SerializedDag; dagRunId: string; random: SeededRandom },
): boolean {
  const { world } = cluster
  const taskId = pickTask(dag, random)
  const states = redrivableStates.filter(() => random.chance(0.7))
  const exit = Effect.runSyncExit(asked(operatorOf(cluster), { dagRunId, taskId, states, random }))
  if (Exit.isFailure(exit)) {
    world.log.add(`${taskId} of run ${dagRunId} is not run again: ${String(Cause.squash(exit.cause))}`)
    return false
  }
  const selected = exit.value
  noteFault(
    world,
    `${selected} instances of ${taskId} of run ${dagRunId} are run again (${states.join(" ")})`,
  )
  troubleAgain(world)
  return selected > 0
}

/** The store as an operator has it: at once, and looked at after each call. */
function operatorOf({ store, checker, processes }: Cluster): StoreService {
  const call = <A, E>(verb: StoreVerb, options: unknown, done: Effect.Effect<A, E>) =>
    Effect.suspend(() => {
      const check = checker.before({ verb, args: [options] })
      return Effect.onExit(done, (exit) => Effect.sync(() => check(exit)))
    })
  return {
    ...store,
    redriveInstances: (options) => call("redriveInstances", options, store.redriveInstances(options)),
    reopenRun: (options) => call("reopenRun", options, store.reopenRun(options)),
    resolveRepairs: (options) => call("resolveRepairs", options, store.resolveRepairs(options)),
    wake: (topic) => {
      for (const process of processes) process.hear(topic)
    },
  }
}

/** A task with instances; mostly one that others follow index by index. */
function pickTask(dag: SerializedDag, random: SeededRandom): string {
  const tasks = dag.tasks.filter(({ kind }) => kind === "task" || kind === "mapped")
  const followed = tasks.filter(({ taskId }) => followersOf(dag, taskId).some(({ how }) => how !== null))
  const { taskId } = random.pick(followed.length > 0 && random.chance(0.7) ? followed : tasks)
  return taskId
}

function asked(
  store: StoreService,
  {
    dagRunId,
    taskId,
    states,
    random,
  }: { dagRunId: string; taskId: string; states: readonly RedrivableState[]; random: SeededRandom },
): Effect.Effect<number, unknown> {
  const common = { dagRunId, downstream: true, isDryRun: false, actor: "simulation" }
  if (random.chance(0.2)) {
    const clearing = clear(store, { ...common, tasks: [{ taskId }], onlyFailed: random.chance(0.3) })
    return Effect.map(clearing, (reports) => reports[0]?.selected ?? 0)
  }
  const toIndex = random.chance(0.5) ? random.integer(-1, 10) : undefined
  const select = { states, ...(toIndex !== undefined && { toIndex }) }
  const redriving = redrive(store, { ...common, taskId, select, event: "redriven" })
  return Effect.map(redriving, (report) => report.selected)
}

function troubleAgain(world: World): void {
  if (world.plan.untilMs === 0) return
  world.troubleUntilMs = Math.max(
    world.troubleUntilMs,
    world.time.elapsed + world.random.integer(0, redriveMsMax),
  )
}
