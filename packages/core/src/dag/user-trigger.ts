import { DagDefinitionError } from "./definition-error.ts"
import { describeValue } from "../stream/describe-value.ts"
import type { TaskLog } from "./task-context.ts"
import { requireId } from "./task-id.ts"
import { Trigger } from "./trigger.ts"

/** What a user-defined trigger is told beside its arguments. */
export interface TriggerScope {
  /** Aborts when nobody waits any more, and when the trigger is started again elsewhere. */
  readonly signal: AbortSignal
  /** Logs into the log of the instance that waits. */
  readonly log: TaskLog
  readonly dagId: string
  readonly runId: string
  readonly taskId: string
  readonly mapIndex: number
}

/** Waits for something, and yields an event when it has come. The first event resumes the task. */
export type TriggerFunction<Args = unknown, Event = unknown> = (
  args: Args,
  scope: TriggerScope,
) => AsyncIterable<Event>

/** Makes a trigger of these arguments, to be given to `ctx.defer`. */
export type TriggerFactory<Args, Event> = ([Args] extends [void]
  ? () => Trigger<Event>
  : (args: Args) => Trigger<Event>) & { readonly triggerName: string }

/** Triggers by name. */
export type TriggerFunctions = ReadonlyMap<string, TriggerFunction>

// One bundle is evaluated at a time, so one variable is enough: what is defined meanwhile is of that bundle.
let collecting: Map<string, TriggerFunction> | null = null

/**
 * Defines a trigger: an async generator that waits, and yields an event. It runs in a host beside many others, may be started
 * again at any time (after a crash, or elsewhere), and is closed after its first event. Call it at the top level of the
 * DAG file.
 *
 * @example
 * const approval = trigger("approval", async function* ({ id }: { id: string }, { signal }) {
 *   for await (const message of inbox.read({ signal })) if (message.id === id) yield message.answer
 * })
 * // in a task: return ctx.defer(approval({ id }), { resume: "decided", timeout: "2d" })
 */
export function trigger<Args = void, Event = unknown>(
  name: string,
  wait: (args: Args, scope: TriggerScope) => AsyncIterable<Event>,
): TriggerFactory<Args, Event> {
  requireId(name, "trigger()")
  if (typeof wait !== "function") {
    throw new DagDefinitionError({
      problem: `trigger("${name}") got ${describeValue(wait)} as its second argument`,
      expected: "an async generator function",
      fix: `write trigger("${name}", async function* (args, { signal }) { ... yield event })`,
    })
  }
  if (collecting?.has(name) === true) {
    throw new DagDefinitionError({
      problem: `trigger("${name}") is defined twice in this file`,
      expected: "a name of its own for each trigger",
    })
  }
  collecting?.set(name, wait as TriggerFunction)
  const make = (args?: unknown) => new Trigger<Event>({ kind: "user", name, args })
  return Object.assign(make, { triggerName: name })
}

/** Evaluates a bundle, and gives the triggers that it defines. Not to be called again before it has ended. */
export async function collectTriggers<A>(
  evaluate: () => Promise<A>,
): Promise<{ readonly value: A; readonly triggers: TriggerFunctions }> {
  if (collecting !== null) throw new Error("two bundles are evaluated at once")
  const triggers = new Map<string, TriggerFunction>()
  collecting = triggers
  try {
    return { value: await evaluate(), triggers }
  } finally {
    collecting = null
  }
}
