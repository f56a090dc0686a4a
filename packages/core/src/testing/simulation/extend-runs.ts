import { Cause, Effect, Exit } from "effect"
import { extendExpansion } from "../../engine/extend/extend-expansion.ts"
import { expansionIdOf } from "../../store/ids.ts"
import type { SerializedDag } from "../../dag/serialized-dag.ts"
import type { StoreService } from "../../store/store.ts"
import type { DagSpec, NodeSpec, SourceSpec } from "./dag-spec.ts"
import { randomFor } from "./random.ts"
import type { Cluster } from "./simulated-store.ts"
import { type World, noteFault } from "./world.ts"

/** How long things go wrong again after runs were extended, where they do at all. */
const troubleMsMax = 5_000

/** A source that has more once the runs that read it have ended. */
export interface Growth {
  readonly source: SourceSpec
  /** The DAG as it is with all that the source has then. */
  readonly spec: DagSpec
  /** Runs that have been extended, by their ids as names: to them the source gives all. */
  readonly grown: Set<string>
}

/** Draws in some worlds a source that will have more. */
export function drawGrowth(spec: DagSpec, seed: number): Growth | null {
  const random = randomFor(seed, "growth")
  if (random.chance(0.5)) return null
  const source = random.pick(spec.nodes.filter((node) => node.kind === "source"))
  const pages = [...source.pages]
  // A last page that has said that nothing follows it may be found longer; one that said otherwise is behind the reader.
  if (!source.hasFalseEnd && pages.length > 0 && random.chance(0.7))
    pages.push((pages.pop() ?? 0) + random.integer(0, 4))
  for (let more = random.integer(0, 3); more > 0; more--) pages.push(random.integer(0, 5))
  const grow = (node: NodeSpec): NodeSpec => (node.id === source.id ? { ...source, pages } : node)
  return { source, spec: { ...spec, nodes: spec.nodes.map(grow) }, grown: new Set() }
}

/**
 * Extends the runs that have ended where their source has grown, as an operator does. A run in which that is refused stays
 * as it is.
 */
export function extendRuns(
  { world, store, checker, processes }: Cluster,
  growth: Growth,
  { dag, runs }: { readonly dag: SerializedDag; readonly runs: readonly { id: string; runId: string }[] },
): void {
  const ordinal = dag.tasks.findIndex((task) => task.taskId === growth.source.id)
  const asOperator: StoreService = {
    ...store,
    extendStreams: (options) => {
      const check = checker.before({ verb: "extendStreams", args: [options] })
      return Effect.onExit(store.extendStreams(options), (exit) => Effect.sync(() => check(exit)))
    },
    wake: (topic) => {
      for (const process of processes) process.hear(topic)
    },
  }
  for (const { id, runId } of runs) {
    const asked = { expansionId: expansionIdOf(id, ordinal), actor: "simulation" }
    const plan = Effect.runSyncExit(extendExpansion(asOperator, { ...asked, isDryRun: true }))
    if (Exit.isFailure(plan)) {
      world.log.add(`${runId} is not extended: ${String(Cause.squash(plan.cause))}`)
      continue
    }
    growth.grown.add(runId)
    Effect.runSync(extendExpansion(asOperator, asked))
    noteFault(world, `${runId} is extended`)
    troubleAgain(world)
  }
}

function troubleAgain(world: World): void {
  if (world.plan.untilMs === 0) return
  world.troubleUntilMs = Math.max(
    world.troubleUntilMs,
    world.time.elapsed + world.random.integer(0, troubleMsMax),
  )
}
