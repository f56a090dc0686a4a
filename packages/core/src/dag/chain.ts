import { DagDefinitionError } from "./definition-error.ts"
import { orderAfter, type Orderable } from "./xcom.ts"

/**
 * Puts tasks in order without passing values: each starts when the one before it has ended.
 *
 * A list stands for tasks side by side: all of them come after what is left of it, and before what is right of it.
 * Two lists next to each other must be equally long, and are joined pair by pair, as Airflow does.
 *
 * @example
 * chain(begin, [left, right], end)
 */
export function chain(...links: readonly (Orderable | readonly Orderable[])[]): void {
  links.slice(1).forEach((downstream, index) => {
    const upstream = links[index] ?? []
    if (isList(upstream) && isList(downstream)) joinPairs(upstream, downstream)
    else if (isList(downstream)) downstream.forEach((one) => join(upstream, one))
    else join(upstream, downstream)
  })
}

function join(upstream: Orderable | readonly Orderable[], downstream: Orderable): void {
  orderAfter(downstream, isList(upstream) ? upstream : [upstream], "chain()")
}

function joinPairs(upstreams: readonly Orderable[], downstreams: readonly Orderable[]): void {
  if (upstreams.length !== downstreams.length) {
    throw new DagDefinitionError({
      problem: `chain() got lists of ${upstreams.length} and ${downstreams.length} tasks next to each other`,
      expected: "lists of equal length, which are joined pair by pair",
      fix: "put one task between them, or make them equally long",
    })
  }
  downstreams.forEach((downstream, index) => join(upstreams.slice(index, index + 1), downstream))
}

function isList(link: Orderable | readonly Orderable[] | undefined): link is readonly Orderable[] {
  return Array.isArray(link)
}
