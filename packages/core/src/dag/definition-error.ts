/** What is wrong with a DAG, in the three parts that every message has. */
export interface DefinitionProblem {
  readonly dagId?: string | null
  readonly taskId?: string | null
  /** What came. */
  readonly problem: string
  readonly expected?: string
  readonly fix?: string
}

/**
 * A mistake in how a DAG is written, thrown while the DAG file is evaluated.
 *
 * The message names the DAG and the task, says what came and what was expected, and how to mend it.
 */
export class DagDefinitionError extends Error {
  override readonly name = "DagDefinitionError"
  readonly dagId: string | null
  readonly taskId: string | null

  constructor(options: DefinitionProblem) {
    super(describe(options))
    this.dagId = options.dagId ?? null
    this.taskId = options.taskId ?? null
  }
}

function describe({ dagId, taskId, problem, expected, fix }: DefinitionProblem): string {
  const names = [dagId ? `dag "${dagId}"` : null, taskId ? `task "${taskId}"` : null]
  const place = names.filter((name) => name !== null).join(", ")
  const wanted = expected ? `; expected ${expected}` : ""
  const advice = fix ? ` Fix: ${fix}.` : ""
  return `${place === "" ? "" : `${place}: `}${problem}${wanted}.${advice}`
}
