import { Effect, Exit } from "effect"
import { toleranceOf } from "../../dag/failure-options.ts"
import type { SerializedDag } from "../../dag/serialized-dag.ts"
import type { MapChange } from "../../store/map-change.ts"
import { expansionIdOf } from "../../store/ids.ts"
import type { DagSpec } from "./dag-spec.ts"
import type { FaultPlan } from "./faults.ts"
import type { SeededRandom } from "./random.ts"
import type { Cluster } from "./simulated-store.ts"
import { noteFault } from "./world.ts"

/** Something that an operator does to one map, and, where it is a pause, what undoes it. */
interface ControlStep {
  readonly atMs: number
  /** Chooses among the runs, and among the maps and sources. */
  readonly run: number
  readonly task: number
  readonly does: { readonly change: MapChange; readonly undoneAfterMs: number | null } | "cancel"
}

/** Limits on failures that maps are drawn with. */
const limits = [
  toleranceOf({ count: 0 }),
  toleranceOf({ count: 1 }),
  toleranceOf({ count: 2 }),
  toleranceOf({ ratio: 0.3, minSample: 4 }),
  toleranceOf({ ratio: 0.1, minSample: 10 }),
]

/** Gives some maps a limit on their failures. */
export function drawLimits(spec: DagSpec, random: SeededRandom): DagSpec {
  if (!random.chance(0.8)) return spec
  const nodes = spec.nodes.map((node) =>
    (node.kind === "map" || node.kind === "expand") && random.chance(0.6)
      ? { ...node, bounds: { ...node.bounds, toleratedFailures: random.pick(limits) } }
      : node,
  )
  // Else few would ever be crossed.
  return { ...spec, nodes, troublePercent: random.pick([spec.troublePercent, 60, 95]) }
}

/** Draws what operators do to the maps of a world. A calm world has none, so that its waits can be judged. */
export function drawControl(random: SeededRandom, plan: FaultPlan): readonly ControlStep[] {
  if (plan.untilMs === 0 || random.chance(0.4)) return []
  return Array.from({ length: random.integer(1, 6) }, () => ({
    atMs: random.integer(0, plan.untilMs),
    run: random.integer(0, 9),
    task: random.integer(0, 99),
    does: drawDeed(random),
  }))
}

function drawDeed(random: SeededRandom): ControlStep["does"] {
  const undoneAfterMs = random.pick([0, 5, 200, 3_000])
  switch (
    random.pick(["pulling", "running", "running", "both", "size", "size", "limit", "cancel"] as const)
  ) {
    case "pulling":
      return { change: { isPullingPaused: true }, undoneAfterMs }
    case "running":
      return { change: { isRunningPaused: true }, undoneAfterMs }
    case "both":
      return { change: { isPullingPaused: true, isRunningPaused: true }, undoneAfterMs }
    case "size": {
      const concurrency = random.pick([null, 1, 2, 5])
      const size = { window: random.pick([1, 2, 5, 20]), pageSize: random.integer(1, 6) }
      return { change: random.chance(0.5) ? size : { ...size, concurrency }, undoneAfterMs: null }
    }
    case "limit":
      return { change: { toleratedFailures: random.pick([null, ...limits]) }, undoneAfterMs: null }
    case "cancel":
      return random.chance(0.4) ? "cancel" : { change: { isRunningPaused: true }, undoneAfterMs }
  }
}

/** Lets what operators do come at its instants. What is refused because a map has ended is refused. */
export function startControl(
  cluster: Cluster,
  steps: readonly ControlStep[],
  { dag, runs }: { readonly dag: SerializedDag; readonly runs: readonly string[] },
): void {
  const maps = dag.tasks.filter(({ kind }) => kind === "mapped" || kind === "source")
  for (const step of steps) {
    const run = runs[step.run % runs.length]
    const task = maps[step.task % Math.max(1, maps.length)]
    if (run === undefined || task === undefined) continue
    const expansionId = expansionIdOf(run, task.ordinal)
    cluster.world.time.after(step.atMs, () => act(cluster, expansionId, step.does))
  }
}

function act(cluster: Cluster, expansionId: string, does: ControlStep["does"]): void {
  const { world, store } = cluster
  if (does === "cancel") {
    const options = { expansionId, actor: "simulation" }
    perform(cluster, `map ${expansionId} is cancelled`, "cancelMap", options, store.cancelMap(options))
    return
  }
  const { change, undoneAfterMs } = does
  alter(cluster, expansionId, change)
  if (undoneAfterMs === null) return
  const undo = Object.fromEntries(Object.keys(change).map((name) => [name, false]))
  world.time.after(undoneAfterMs, () => untilDone(cluster, expansionId, undo))
}

/** How long an operator waits before asking again what was refused. */
const againMs = 500

/** What is refused while the run is cancelled is done once it goes on. */
function untilDone(cluster: Cluster, expansionId: string, change: MapChange): void {
  const { world, state } = cluster
  const isDone = alter(cluster, expansionId, change)
  if (isDone || state.expansions.get(expansionId)?.run.isCancelled !== true) return
  world.time.after(againMs, () => untilDone(cluster, expansionId, change))
}

function alter(cluster: Cluster, expansionId: string, change: MapChange): boolean {
  const options = { expansionId, actor: "simulation", change }
  const what = `map ${expansionId} is changed: ${JSON.stringify(change)}`
  return perform(cluster, what, "changeMap", options, cluster.store.changeMap(options))
}

function perform(
  { world, checker, processes }: Cluster,
  what: string,
  verb: "changeMap" | "cancelMap",
  options: object,
  call: Effect.Effect<unknown, unknown>,
): boolean {
  const check = checker.before({ verb, args: [options] })
  const exit = Effect.runSyncExit(call)
  check(exit)
  noteFault(world, `${what}${Exit.isSuccess(exit) ? "" : ": refused"}`)
  for (const process of processes)
    for (const topic of ["control", "progress", "work", "due"] as const) process.hear(topic)
  return Exit.isSuccess(exit)
}
