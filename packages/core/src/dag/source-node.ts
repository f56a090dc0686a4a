import { LazyXCom } from "../stream/lazy-xcom.ts"
import type { PagedStream } from "../stream/paged-stream.ts"
import { resultStream } from "../stream/sources/result-stream.ts"
import type { DagBuilder } from "./dag-builder.ts"
import type { InputPlan } from "./input-plan.ts"
import type { GivenPageOptions, GivenTaskOptions } from "./options.ts"
import type { NodeLoop, TaskNode } from "./task-node.ts"

/** What a source adds to a DAG. */
export interface SourceParts {
  readonly taskId: string
  readonly input: InputPlan
  readonly stream: PagedStream<unknown>
  readonly options: { readonly task: GivenTaskOptions; readonly map: GivenPageOptions }
  /** Set for the source of a loop. */
  readonly loop?: NodeLoop
}

/** Adds a source to a DAG; gives the stream that its consumers read. */
export function addSource(builder: DagBuilder, parts: SourceParts): LazyXCom<unknown> {
  const { taskId, input, stream, options, loop } = parts
  const source = { stream, options: options.map, ...(loop !== undefined && { loop }) }
  const node = builder.add({ taskId, input, run: null, mapping: null, source }, options.task)
  return LazyXCom.from(consumerStream(node, stream), { node, kind: "source" })
}

/**
 * Makes the stream that a source's consumers read: the source itself when it is fused into the only one, else the
 * items that are stored of it.
 *
 * Which of the two is known when the DAG is complete, but operators take a stream's `start` before that. So it starts
 * at null, which stands for either's start and can be nobody's next cursor.
 */
function consumerStream(node: TaskNode, source: PagedStream<unknown>): PagedStream<unknown> {
  const stored = resultStream<unknown>(node.taskId)
  const target = () => (node.kind === "fused" ? source : stored)
  return {
    start: null,
    pull: (cursor, scope) => target().pull(cursor ?? target().start, scope),
    close: (scope) => target().close(scope),
  }
}
