import { type DagDefinition, FailWithoutRetry } from "@sluice/core/dag"

/** Tasks that the message names. */
const tasksNamed = 10

/** A DAG file gave other tasks here than when its version was stored: none of them may be run as one of that version. */
export class OtherStructure extends FailWithoutRetry {
  constructor(definition: DagDefinition, taskId: string) {
    const ids = definition.nodes.map((node) => node.taskId)
    const named = ids.slice(0, tasksNamed).join(", ") + (ids.length > tasksNamed ? ", …" : "")
    const lacks = ids.includes(taskId) ? "" : `, and "${taskId}" is not one of them`
    super(
      `dag "${definition.dagId}" has other tasks or edges in this process than its version has, so "${taskId}" was not run: here it has ${ids.length} (${named})${lacks}. ` +
        'Its file reads something at its top level that has changed since, or differs between machines. Fix: read it by await captured("name", () => ...), which keeps it with the version',
    )
  }
}
