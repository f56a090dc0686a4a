/** The most tasks a DAG may have. An expansion's id is its run's number times this, plus the task's ordinal. */
export const tasksPerDagMax = 4096

/** The id of a task's expansion in a run: it starts with the run, so a run's expansions are one range of ids. */
export function expansionIdOf(dagRunId: string, ordinal: number): string {
  return (BigInt(dagRunId) * BigInt(tasksPerDagMax) + BigInt(ordinal)).toString()
}

/** The run and the task ordinal that an expansion id is made of. */
export function partsOfExpansionId(expansionId: string): { dagRunId: string; ordinal: number } {
  const id = BigInt(expansionId)
  return {
    dagRunId: (id / BigInt(tasksPerDagMax)).toString(),
    ordinal: Number(id % BigInt(tasksPerDagMax)),
  }
}
