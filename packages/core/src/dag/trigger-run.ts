import type { FinishedRun } from "./built-in-triggers.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { describeValue } from "../stream/describe-value.ts"
import type { Resumed } from "./deferral.ts"
import { isPlainObject } from "./input-plan.ts"
import { jsonObjectCheck } from "./json-object.ts"
import { booleanCheck, checkOptions, type OptionCheck } from "./option-check.ts"
import type { TaskOptions } from "./options.ts"
import { defineTask, type Task } from "./task.ts"
import type { TaskContext } from "./task-context.ts"
import { isId } from "./task-id.ts"
import { Trigger, TriggerError } from "./trigger.ts"

/** Options of a task that makes a run of another DAG. */
export interface TriggerRunOptions extends TaskOptions {
  /** The DAG of which a run is made. */
  readonly dagId: string
  /**
   * True: the task waits until the run has ended, without a slot, and fails where the run did. False: it ends as soon as the
   * run is made. Default false.
   */
  readonly wait?: boolean
}

/** The run that was made; its state is there where it was waited for. */
export interface TriggeredRun {
  readonly dagId: string
  readonly runId: string
  readonly state: "success" | null
}

/** The longest id of a run. */
const runIdLengthMax = 250

const dagIdCheck: OptionCheck<string> = {
  expected: "the id of a DAG",
  read: (value) => (isId(value) ? value : undefined),
}

/**
 * Makes a task that makes a run of another DAG: what it is called with is the run's conf, over the DAG's params. One try
 * makes one run, whatever dies meanwhile.
 *
 * @example
 * const load = triggerRun<{ day: string }>("load", { dagId: "load_day", wait: true })
 * load({ day: "2026-01-01" })
 * load.withId("load_all").iterate(days().map((day) => ({ day }))) // a run for each, within the window
 */
export function triggerRun<Conf = void>(id: string, options: TriggerRunOptions): Task<Conf, TriggeredRun> {
  const call = "triggerRun()"
  const { dagId: givenId, wait: givenWait, ...task } = isPlainObject(options) ? options : { dagId: undefined }
  const checks = { dagId: dagIdCheck, wait: booleanCheck }
  const { dagId, wait = false } = checkOptions({ dagId: givenId, wait: givenWait }, checks, {
    taskId: id,
    call,
  })
  if (dagId === undefined) throw noDagId(id, options)
  const run = async (conf: unknown, ctx: TaskContext) => {
    const runId = await runIdOf(ctx)
    const make = { conf: confOf(conf), logicalDate: null, waits: wait }
    return ctx.defer(new Trigger({ kind: "run", dagId, runId, make }), {
      resume: "made" as never,
      state: runId,
    })
  }
  const made = (_: unknown, { event, state }: Resumed<FinishedRun | null, string>) =>
    event === null ? { dagId, runId: state, state: null } : ended(event)
  return defineTask(id, run, { ...task, resume: { made } }, { call }) as unknown as Task<Conf, TriggeredRun>
}

function ended({ dagId, runId, state }: FinishedRun): TriggeredRun {
  if (state === "success") return { dagId, runId, state }
  throw new Error(`run "${runId}" of dag "${dagId}" failed`)
}

function confOf(given: unknown): { readonly [key: string]: never } {
  const conf = given === undefined ? {} : jsonObjectCheck.read(given)
  if (conf !== undefined) return conf as never
  throw new TriggerError({ call: "triggerRun()", got: given, expected: jsonObjectCheck.expected })
}

/** The same try makes the same run, also when it is begun again after a crash. */
async function runIdOf({ dagId, runId, taskId, mapIndex, tryNumber }: TaskContext): Promise<string> {
  const item = mapIndex < 0 ? "" : `[${mapIndex}]`
  const name = `triggered__${dagId}__${runId}__${taskId}${item}__${tryNumber}`
  if (name.length <= runIdLengthMax) return name
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name))
  return `${name.slice(0, 180)}__${Buffer.from(digest).toString("hex")}`
}

function noDagId(taskId: string, options: unknown): DagDefinitionError {
  return new DagDefinitionError({
    taskId,
    problem: `triggerRun() got ${describeValue(options)} as its options, without a dagId`,
    expected: "the id of the DAG of which a run is to be made",
    fix: `write triggerRun("${taskId}", { dagId: "other_dag" })`,
  })
}
