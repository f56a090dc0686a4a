import type { DagDefinition, TaskNode, TriggerFunctions } from "@sluice/core/dag"
import {
  answerCaptured,
  type Capturer,
  collectTriggers,
  isDagDefinition,
  serializeDag,
} from "@sluice/core/dag"
import { structureHash } from "@sluice/core/host"
import type { Bundle, ExecutionContext } from "../port.ts"
import type { RunParams } from "./instance.ts"
import { deepFreeze } from "./xcom-values.ts"
import { importBundle } from "./bundle-loader.ts"
import { answerFrom } from "./captured.ts"
import { OtherStructure } from "./other-structure.ts"

/** A task as the author defined it, and the parameters of the run. */
export interface FoundTask {
  readonly node: TaskNode
  readonly params: RunParams
}

/** A DAG as its bundle defines it here, and what its structure is called. */
interface FoundDag {
  readonly definition: DagDefinition
  readonly structure: string
}

const bundles = new Map<string, Bundle>()
const evaluated = new Map<string, Promise<ReadonlyMap<string, FoundDag>>>()
const triggers = new Map<string, TriggerFunctions>()
/** Bundles are evaluated one after the other, so that what each defines is known to be its own. */
let evaluating: Promise<unknown> = Promise.resolve()

/** Keeps a bundle's text until its first use. */
export function addBundle(bundle: Bundle): void {
  bundles.set(bundle.hash, bundle)
}

/** Gives the task that a context names, evaluating its bundle when this is the first use of it. */
export async function findTask(context: ExecutionContext): Promise<FoundTask> {
  const dags = await evaluate(context.bundleHash)
  const found = dags.get(context.dagId)
  if (found === undefined) {
    throw new Error(
      `dag "${context.dagId}" is not in its bundle: it defines ${[...dags.keys()].join(", ") || "no DAG"}`,
    )
  }
  const { definition, structure } = found
  if (context.structure !== null && context.structure !== structure)
    throw new OtherStructure(definition, context.taskId)
  const node = definition.node(context.taskId)
  if (node === undefined)
    throw new Error(`dag "${context.dagId}" has no task "${context.taskId}" in its bundle`)
  return { node, params: paramsOf(definition, context) }
}

function evaluate(hash: string): Promise<ReadonlyMap<string, FoundDag>> {
  let dags = evaluated.get(hash)
  if (dags === undefined) {
    dags = evaluateBundle(hash)
    evaluated.set(hash, dags)
  }
  return dags
}

async function evaluateBundle(hash: string): Promise<ReadonlyMap<string, FoundDag>> {
  const bundle = bundles.get(hash)
  if (bundle === undefined) throw new Error(`bundle ${hash} was not sent to this host`)
  const { value: module, triggers: defined } = await evaluateAlone(bundle, answerFrom(bundle.captured ?? {}))
  const definitions = findDags(module)
  triggers.set(hash, defined)
  bundles.delete(hash)
  return new Map(
    definitions.map((definition) => {
      return [definition.dagId, { definition, structure: structureHash(serializeDag(definition)) }]
    }),
  )
}

/**
 * Evaluates a bundle after those before it; gives what it exports, and the triggers that it defines. `capturer` answers its
 * calls of `captured`.
 */
export function evaluateAlone(
  bundle: Bundle,
  capturer: Capturer,
): ReturnType<typeof collectTriggers<Record<string, unknown>>> {
  const evaluated = evaluating.then(async () => {
    const before = answerCaptured(capturer)
    try {
      return await collectTriggers(() => importBundle(bundle))
    } finally {
      answerCaptured(before)
    }
  })
  evaluating = evaluated.catch(() => {})
  return evaluated
}

/** The triggers that an evaluated bundle defines. */
export function triggersOf(bundleHash: string): TriggerFunctions {
  return triggers.get(bundleHash) ?? new Map()
}

const runParams = new WeakMap<ExecutionContext, RunParams>()

/** Frozen, since all instances of the expansion share them. */
function paramsOf(definition: DagDefinition, context: ExecutionContext): RunParams {
  let params = runParams.get(context)
  if (params === undefined) {
    params = { ...definition.params, ...(context.params as RunParams) }
    deepFreeze(params)
    runParams.set(context, params)
  }
  return params
}

/** The DAGs that a module exports, by any name or inside an exported array, each once. */
export function findDags(module: Readonly<Record<string, unknown>>): DagDefinition[] {
  const exported = Object.values(module).flatMap((value) =>
    Array.isArray(value) ? (value as unknown[]) : [value],
  )
  return [...new Set(exported.filter((value) => isDagDefinition(value)))]
}
