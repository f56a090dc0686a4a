import { describeValue } from "../stream/describe-value.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { isPlainObject } from "./input-plan.ts"
import { booleanCheck, checkOptions } from "./option-check.ts"
import { type DeferringTaskOptions, defineTask } from "./task.ts"
import type { TaskContext } from "./task-context.ts"
import type { Decider } from "./branch.ts"

/** A setup or a teardown: a task that runs once in a run. */
export type ScopeTask<Input, Result> = Decider<Input, Result>

/**
 * Makes a task that makes what others need. What lies between it and the teardowns that directly follow it is its work: the
 * work does not run where the setup failed or was skipped.
 *
 * @example
 * const create = setup("create_cluster", async () => startCluster())
 * const drop = teardown("drop_cluster", async ({ cluster }: { cluster: Cluster }) => cluster.stop())
 * const cluster = create()
 * chain(train({ cluster }), drop({ cluster }))
 */
export function setup<Input = void, Result = unknown, const Points extends string = never>(
  id: string,
  run: (input: Input, ctx: TaskContext<Points>) => Result,
  options?: DeferringTaskOptions<Input, Result, Points>,
): ScopeTask<Input, Awaited<Result>> {
  return defineTask(id, run, options, { call: "setup()", purpose: { kind: "setup" } }) as never
}

/** Options of a teardown. Its trigger rule is `all_done_setup_success`, always. */
export interface TeardownOptions<Input, Result, Points extends string> extends Omit<
  DeferringTaskOptions<Input, Result, Points>,
  "triggerRule"
> {
  /** True: its failure fails the run. Default false: the run ends as the work did. */
  readonly onFailureFailDagRun?: boolean
}

/**
 * Makes a task that undoes what the setups directly before it have made. It runs when everything before it has ended, however
 * that was, if one of its setups has succeeded.
 */
export function teardown<Input = void, Result = unknown, const Points extends string = never>(
  id: string,
  run: (input: Input, ctx: TaskContext<Points>) => Result,
  options?: TeardownOptions<Input, Result, Points>,
): ScopeTask<Input, Awaited<Result>> {
  const call = "teardown()"
  const { own, task } = split(options, id)
  const { onFailureFailDagRun: failsRun = false } = checkOptions(
    own,
    { onFailureFailDagRun: booleanCheck },
    { taskId: id, call },
  )
  return defineTask(id, run, task as never, { call, purpose: { kind: "teardown", failsRun } }) as never
}

/** Parts the option of a teardown from those of any task, and gives it its trigger rule. */
function split(options: unknown, taskId: string): { own: unknown; task: unknown } {
  const triggerRule = "all_done_setup_success"
  if (options !== undefined && !isPlainObject(options)) return { own: undefined, task: options }
  const { onFailureFailDagRun, ...task } = options ?? {}
  if (task["triggerRule"] !== undefined && task["triggerRule"] !== triggerRule)
    throw new DagDefinitionError({
      taskId,
      problem: `teardown() got ${describeValue(task["triggerRule"])} as its trigger rule`,
      expected: `none: a teardown runs by "${triggerRule}", however the work ended`,
      fix: "leave triggerRule out, or make it a task()",
    })
  return { own: { onFailureFailDagRun }, task: { ...task, triggerRule } }
}
