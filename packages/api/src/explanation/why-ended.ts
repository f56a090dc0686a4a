/** Says why an instance ended without having been run to its end: what was skipped, could not run, or was cancelled. */
import { decideGate, type FinalExpansionState, isFinalExpansionState } from "@sluice/core/state"
import type { EventName, InstanceWait, TaskInstanceView } from "@sluice/core/store"
import type { SerializedTask } from "@sluice/core/dag"
import { expansionIdOf } from "@sluice/core/store"
import { Effect } from "effect"
import { isPlaceholder } from "../instances/placeholder.ts"
import {
  endedWords,
  gatesAbove,
  type Involved,
  involvedTask,
  lastEvent,
  listed,
  quoted,
  type Situation,
  upstreamsOf,
} from "./situation.ts"

/** What an instance can have ended by without a run of its own. */
export const endKinds = [
  "skip_thrown",
  "branch",
  "short_circuit",
  "setup",
  "trigger_rule",
  "upstream_instance",
  "empty_stream",
  "broken_stream",
  "map_stopped",
  "map_cancelled",
  "run_cancelled",
  "run_timed_out",
] as const

/** Why an instance ended so. */
export interface EndReason {
  readonly kind: (typeof endKinds)[number]
  readonly message: string
  readonly tasks: readonly Involved[]
  /** Who did it, and when, where somebody or a limit did. */
  readonly actor: string | null
  readonly at: Date | null
}

/** Says why; null: it has not ended, or its own run of it says all. */
export async function whyEnded(situation: Situation, wait: InstanceWait): Promise<EndReason | null> {
  const { instance, view } = situation
  const { state } = instance
  const { error, tryNumber, mapIndex } = instance.view
  const hasRun = tryNumber > 0 && !isPlaceholder(view)
  if (view.state === "cancelled" && !hasRun) return cancelled(situation)
  if (state !== "skipped" && state !== "upstream_failed") return null
  if (error?.type === "MapStopped") return stopped(situation, error.message)
  if (hasRun) return reason("skip_thrown", error?.message ?? "The task threw Skip, and said no reason.")
  if (view.openedAt === null) return beforeItBegan(situation, state)
  if (mapIndex >= 0) return ofItsPlace(situation, wait)
  if (view.streamError !== null)
    return reason("broken_stream", `Its stream broke: ${view.streamError.message}`)
  return reason("empty_stream", "Its stream was empty: there was nothing to do.")
}

function reason(kind: EndReason["kind"], message: string, tasks: readonly Involved[] = []): EndReason {
  return { kind, message, tasks, actor: null, at: null }
}

async function stopped(situation: Situation, message: string): Promise<EndReason> {
  const event = await lastEvent(situation, ["map_stopped"])
  const told = situation.view.stopReason?.message ?? message
  return {
    ...reason("map_stopped", `The map was stopped before it came to this one: ${told}`),
    ...{ actor: event?.actor ?? null, at: event?.at ?? null },
  }
}

const cancelEvents = ["dag_run_cancelled", "dag_run_timed_out", "map_cancelled"] as const

const cancelWords: Readonly<Record<(typeof cancelEvents)[number], [EndReason["kind"], string]>> = {
  dag_run_cancelled: ["run_cancelled", "The run was cancelled before it could run."],
  dag_run_timed_out: [
    "run_timed_out",
    "The run took longer than its DAG allows (runTimeout), and was ended.",
  ],
  map_cancelled: ["map_cancelled", "The map was cancelled before it could run."],
}

async function cancelled(situation: Situation): Promise<EndReason> {
  const event = await lastEvent(situation, cancelEvents)
  const name = (event?.event ?? "dag_run_cancelled") as EventName & (typeof cancelEvents)[number]
  return { ...reason(...cancelWords[name]), actor: event?.actor ?? null, at: event?.at ?? null }
}

/** What a gate above it, or its trigger rule, has said of a task that never began. */
async function beforeItBegan(situation: Situation, state: "skipped" | "upstream_failed"): Promise<EndReason> {
  for (const gate of gatesAbove(situation)) {
    const said = await whatGateSaid(situation, gate)
    if (said !== null) return said
  }
  return byItsRule(situation, state)
}

async function whatGateSaid(situation: Situation, task: SerializedTask): Promise<EndReason | null> {
  const { instance, views, services } = situation
  const view = views.find((each) => each.taskId === task.taskId)
  const { gate } = task
  if (gate === null || view === undefined || !isFinalExpansionState(view.state)) return null
  const result =
    view.state === "success" && gate.kind !== "setup" ? await resultOf(services, view.expansionId) : null
  const { skips, fails } = decideGate(gate, view.state, result)
  if (![...skips, ...fails].includes(instance.task.ordinal)) return null
  const tasks = [involvedTask(situation, task.taskId)]
  return reason(gate.kind, gateWords(task.taskId, gate.kind, view.state, result), tasks)
}

/** What the only instance of a task returned, as JSON text. */
async function resultOf({ store, readValue }: Situation["services"], expansionId: string) {
  const found = store.xcom({ expansionId, mapIndex: -1, key: "return_value" })
  const encoded = await Effect.runPromise(found.pipe(Effect.catchTag("NotFound", () => Effect.succeed(null))))
  return encoded === null ? null : JSON.stringify(readValue(encoded))
}

function gateWords(
  taskId: string,
  kind: "branch" | "short_circuit" | "setup",
  state: FinalExpansionState,
  result: string | null,
): string {
  const name = quoted(taskId)
  if (kind === "setup")
    return `The setup ${name}, which makes what this task needs, ${endedWords[state] ?? state}.`
  if (kind === "short_circuit")
    return `The short circuit ${name} returned false, which skips what is below it.`
  const ways = [JSON.parse(result ?? "null") as unknown].flat().filter((way) => typeof way === "string")
  return ways.length === 0
    ? `The branch ${name} chose none of its ways.`
    : `The branch ${name} chose ${listed(ways.map(quoted))}, and not this task.`
}

function byItsRule(situation: Situation, state: "skipped" | "upstream_failed"): EndReason {
  const { triggerRule } = situation.instance.task
  const above = upstreamsOf(situation).map((taskId) => involvedTask(situation, taskId))
  const isCause = causes[state]
  const told = above.filter((task) => isCause(task.state))
  // What skips `all_failed` is that something went well: then all of them are the reason.
  const tasks = told.length > 0 ? told : above
  const words = tasks.map(({ taskId, state: how }) => `${quoted(taskId)} ${endedWords[how ?? ""] ?? how}`)
  return reason(
    "trigger_rule",
    `Its trigger rule is ${triggerRule}${words.length === 0 ? "" : `, and ${listed(words)}`}.`,
    tasks,
  )
}

const causes = {
  skipped: (state: string | null) => state === "skipped",
  upstream_failed: (state: string | null) =>
    state === "failed" || state === "upstream_failed" || state === "cancelled",
}

/** The instances above it that left its place empty. */
async function ofItsPlace(situation: Situation, { gapOf }: InstanceWait): Promise<EndReason> {
  const { dag, instance } = situation
  const noted = gapOf === null ? undefined : dag.tasks[gapOf.ordinal]
  const places =
    noted === undefined || gapOf === null
      ? sameIndexAbove(situation)
      : [{ task: noted, mapIndex: gapOf.mapIndex }]
  const found = await instancesAt(situation, places)
  const empty = found.filter(({ state }) => state !== "success")
  if (empty.length === 0) {
    const leaves = (instance.task.mapping?.leaves ?? []).flatMap((leaf) =>
      "taskId" in leaf ? [leaf.taskId] : [],
    )
    const tasks = leaves.map((taskId) => involvedTask(situation, taskId))
    const of = leaves.length === 0 ? "above it" : `of ${listed(leaves.map(quoted))}`
    return reason("upstream_instance", `The instance ${of} that it was made of left no value.`, tasks)
  }
  const words = empty.map(
    ({ taskId, mapIndex, state, error }) =>
      `instance ${mapIndex} of ${quoted(taskId)} ${endedWords[state] ?? state}${error === null ? "" : ` (${error.type}: ${error.message})`}`,
  )
  const message = `It has no input: ${listed(words)}.`
  return reason(
    "upstream_instance",
    message,
    empty.map(({ taskId, mapIndex, state }) => ({ taskId, mapIndex, state })),
  )
}

interface Place {
  readonly task: SerializedTask
  readonly mapIndex: number
}

/** Operators that leave each item at its index. */
const aligningOperators = ["map", "zip", "enumerate"]

/** The places above it that have its index, where indexes tell: of one stream, or of several that go side by side. */
function sameIndexAbove({ dag, instance: { task, view } }: Situation): readonly Place[] {
  const { mapping } = task
  if (mapping === null) return []
  const isAligned =
    mapping.isOrdered &&
    !mapping.isKeyed &&
    mapping.operators.every((operator) => aligningOperators.includes(operator))
  if (!isAligned) return []
  return mapping.leaves.flatMap((leaf) => {
    const above = leaf.kind === "stream" ? dag.tasks.find(({ taskId }) => taskId === leaf.taskId) : undefined
    return above?.kind === "mapped" ? [{ task: above, mapIndex: view.mapIndex }] : []
  })
}

async function instancesAt(
  { services: { store }, instance: { run } }: Situation,
  places: readonly Place[],
): Promise<readonly TaskInstanceView[]> {
  const ranges = places.map(({ task, mapIndex }) => ({
    ...{ expansionId: expansionIdOf(run.id, task.ordinal), skip: mapIndex, limit: 1 },
  }))
  return ranges.length === 0 ? [] : Effect.runPromise(store.instancesAt({ ranges, states: null }))
}
