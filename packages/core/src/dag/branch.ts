import { booleanCheck, checkOptions } from "./option-check.ts"
import { isPlainObject } from "./input-plan.ts"
import { type DeferringTaskOptions, defineTask } from "./task.ts"
import type { TaskContext } from "./task-context.ts"
import type { Fixable, InputArguments, InputFields } from "./task-input.ts"
import type { XCom } from "./xcom.ts"

/** A task that runs once in a run, and says what runs below it. */
export interface Decider<Input, Result> {
  /** Adds it to the DAG being built. What is put after it, or takes what it returns, it decides over. */
  (...input: InputArguments<Input>): XCom<Result>
  readonly taskId: string
  /** Fills some fields of the input. */
  partial<Given extends Partial<InputFields<Input>>>(
    fields: Fixable<Input, Given>,
  ): Decider<Omit<Input, keyof Given>, Result>
  /** Gives it another id, so that one DAG can use it twice. */
  withId(taskId: string): Decider<Input, Result>
}

/** What a branch returns: the ids of the tasks directly below it that run, or null for none. */
export type Choice = string | readonly string[] | null

/**
 * Makes a task that chooses which of the tasks directly below it run; the others are skipped. A task that can be reached
 * from a chosen one is not skipped: there the ways join.
 *
 * @example
 * const pick = branch("pick", async ({ size }: { size: number }) => (size > 1000 ? "load_many" : "load_few"))
 * chain(pick({ size }), [loadMany(), loadFew()], join()) // join: triggerRule "none_failed_min_one_success"
 */
export function branch<Input = void, Result extends Choice = Choice, const Points extends string = never>(
  id: string,
  choose: (input: Input, ctx: TaskContext<Points>) => Result | Promise<Result>,
  options?: DeferringTaskOptions<Input, Result | Promise<Result>, Points>,
): Decider<Input, Result> {
  return defineTask(id, choose, options, { call: "branch()", purpose: { kind: "branch" } }) as never
}

/** Options of a short circuit. */
export interface ShortCircuitOptions<Input, Points extends string> extends DeferringTaskOptions<
  Input,
  boolean | Promise<boolean>,
  Points
> {
  /**
   * True: what it skips is everything below it. False: only what comes directly after it, and what follows on that goes by
   * its trigger rule. Default true.
   */
  readonly ignoreDownstreamTriggerRules?: boolean
}

/**
 * Makes a task that says whether the run goes on below it: where it returns false, that is skipped.
 *
 * @example
 * const isWeekday = shortCircuit("is_weekday", (_, ctx) => ![0, 6].includes(ctx.logicalDate!.getDay()))
 * chain(isWeekday(), load())
 */
export function shortCircuit<Input = void, const Points extends string = never>(
  id: string,
  condition: (input: Input, ctx: TaskContext<Points>) => boolean | Promise<boolean>,
  options?: ShortCircuitOptions<Input, Points>,
): Decider<Input, boolean> {
  const call = "shortCircuit()"
  const { own, task } = split(options)
  const { ignoreDownstreamTriggerRules: isTransitive = true } = checkOptions(
    own,
    { ignoreDownstreamTriggerRules: booleanCheck },
    { taskId: id, call },
  )
  const purpose = { kind: "short_circuit", isTransitive } as const
  return defineTask(id, condition, task as never, { call, purpose }) as never
}

/** Parts the option of a short circuit from those of any task. */
function split(options: unknown): { own: unknown; task: unknown } {
  if (!isPlainObject(options)) return { own: undefined, task: options }
  const { ignoreDownstreamTriggerRules, ...task } = options
  return { own: { ignoreDownstreamTriggerRules }, task }
}
