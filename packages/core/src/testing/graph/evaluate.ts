/**
 * Says how a run of a random graph ends, from the words of Airflow's documentation alone: task after task, each from how
 * all before it have ended. It shares nothing with the engine but the names, so that a mistake is not made twice.
 */
import type { TriggerRule } from "../../state/trigger-rule.ts"
import {
  chosenIds,
  deedOf,
  type Graph,
  type GraphNode,
  isMap,
  lastIdOf,
  nodeId,
  sourceId,
} from "./random-graph.ts"

type End = "success" | "failed" | "skipped" | "upstream_failed"

/** A task: a node, the source of one, or a task of a loop. */
interface Part {
  readonly id: string
  readonly place: number
  /** null: the source of a node. */
  readonly node: GraphNode | null
  /** Which task of a loop it is. */
  readonly step?: "iterations" | "last" | "beside" | "result"
  /** What it follows, and whether it reads that while it runs. */
  readonly ups: readonly { readonly id: string; readonly isStream: boolean }[]
}

/** The states in which all tasks of a run end, and the run itself. */
export function evaluate(graph: Graph): {
  readonly states: Record<string, End>
  readonly run: "success" | "failed"
} {
  const parts = graph.flatMap((node, place) => partsOf(graph, node, place))
  const evaluation = new Evaluation(graph, parts)
  for (const part of parts) evaluation.end(part)
  evaluation.endUnread()
  const states = Object.fromEntries(evaluation.ends)
  return { states, run: evaluation.runEnd() }
}

function partsOf(graph: Graph, node: GraphNode, place: number): Part[] {
  const after = node.after.map((at) => ({ id: lastIdOf(graph, at), isStream: false }))
  const part = { id: nodeId(place), place, node }
  if (node.kind === "lazy") {
    const ups = node.sourceAfter.map((at) => ({ id: lastIdOf(graph, at), isStream: false }))
    const read = { id: sourceId(place), isStream: true }
    return [
      { id: sourceId(place), place, node: null, ups },
      { ...part, ups: [...after, read] },
    ]
  }
  if (node.kind === "loop") return loopParts(node, place, after)
  const reads = node.reads === null || node.after.includes(node.reads) ? [] : [node.reads]
  return [{ ...part, ups: [...after, ...reads.map((at) => ({ id: nodeId(at), isStream: true }))] }]
}

/** The tasks of a loop: what it goes round with follows what the loop follows. */
function loopParts(node: GraphNode, place: number, after: Part["ups"]): Part[] {
  const id = (step: string) => `${nodeId(place)}.${step}`
  const reads = (step: string) => ({ id: id(step), isStream: true })
  const ends = ["last", ...(node.flags[1] ? ["beside"] : [])]
  const part = { place, node }
  return [
    { ...part, id: id("iterations"), step: "iterations", ups: after },
    { ...part, id: id("last"), step: "last", ups: [reads("iterations")] },
    ...(node.flags[1]
      ? [{ ...part, id: id("beside"), step: "beside" as const, ups: [reads("iterations"), reads("last")] }]
      : []),
    { ...part, id: id("result"), step: "result", ups: ends.map((end) => ({ id: id(end), isStream: false })) },
  ]
}

class Evaluation {
  readonly ends = new Map<string, End>()
  readonly #started = new Set<string>()
  readonly #instances = new Map<number, readonly End[]>()
  readonly #skippedBy = new Set<string>()
  readonly #graph: Graph
  readonly #parts: readonly Part[]

  constructor(graph: Graph, parts: readonly Part[]) {
    this.#graph = graph
    this.#parts = parts
  }

  end(part: Part): void {
    const verdict = this.#setupVerdict(part) ?? this.#skip(part) ?? this.#ruleVerdict(part)
    if (verdict === "run") this.#started.add(part.id)
    const end = verdict === "run" ? this.#run(part) : verdict
    this.ends.set(part.id, end)
    if (verdict === "run" && end === "success" && part.step === undefined) this.#decideBelow(part)
  }

  /** A source that has started, and whose only reader never does, has nothing against it. */
  endUnread(): void {
    for (const { id } of this.#parts) {
      const part = this.#parts.find((each) => each.id === id)
      if (part?.node === null && this.#started.has(id)) this.ends.set(id, "success")
    }
  }

  runEnd(): "success" | "failed" {
    const counts = (part: Part) => part.node?.kind !== "teardown" || part.node.flags[0]
    const isFollowed = ({ id }: Part, by: (part: Part) => boolean) =>
      this.#parts.some((other) => by(other) && other.ups.some((up) => up.id === id))
    const deciding = this.#parts.filter((part) => counts(part) && !isFollowed(part, counts))
    const leaves =
      deciding.length > 0 ? deciding : this.#parts.filter((part) => !isFollowed(part, () => true))
    return leaves.some(({ id }) => isBad(this.ends.get(id))) ? "failed" : "success"
  }

  /** Setups further up, whose teardown is yet to come: work needs them all. */
  #setupVerdict(part: Part): End | null {
    if (part.node?.kind === "teardown") return null
    const needed = [...this.#above(part.id)]
      .filter((id) => this.#kindOf(id) === "setup" && !part.ups.some((up) => up.id === id))
      .filter((id) => {
        const teardowns = this.#below(id, 1).filter((other) => this.#kindOf(other) === "teardown")
        const after = new Set(this.#below(part.id, Infinity))
        return teardowns.length === 0 || teardowns.some((teardown) => after.has(teardown))
      })
      .map((id) => this.ends.get(id))
    if (needed.some(isBad)) return "upstream_failed"
    return needed.includes("skipped") ? "skipped" : null
  }

  #skip(part: Part): End | null {
    return this.#skippedBy.has(part.id) && part.node?.kind !== "teardown" ? "skipped" : null
  }

  #ruleVerdict({ node, ups, step }: Part): End | "run" {
    if (ups.length === 0) return "run"
    const ends = ups.map(({ id, isStream }) =>
      isStream && this.#started.has(id) ? "success" : (this.ends.get(id) as End),
    )
    const setups = ups.flatMap(({ id }, nth) => (this.#kindOf(id) === "setup" ? [ends[nth] as End] : []))
    // The rule of a loop is that of what it goes round with; what failed in it fails its result, and no skip does.
    const isInLoop = step === "last" || step === "beside"
    const rule = step === "result" ? "none_failed" : isInLoop ? "all_success" : (node?.rule ?? "all_success")
    return verdictOf(rule, ends, setups)
  }

  #run({ node, place, step }: Part): End {
    if (node !== null && step !== undefined)
      return loopEnd(node, step, this.#started.has(`${nodeId(place)}.last`))
    // A source of items ends well.
    if (node === null) return "success"
    if (!isMap(node.kind)) return deedOf(node.deeds, -1)
    const given = node.kind === "chain" ? this.#given(node) : this.#items(node, place)
    const instances = given.map((item, index) => (item === "success" ? deedOf(node.deeds, index) : item))
    this.#instances.set(place, instances)
    if (instances.includes("failed")) return "failed"
    if (instances.includes("upstream_failed")) return "upstream_failed"
    return instances.includes("success") ? "success" : "skipped"
  }

  #items({ kind, length }: GraphNode, place: number): End[] {
    const hasItems = kind !== "lazy" || this.#started.has(sourceId(place))
    return Array.from({ length: hasItems ? length : 0 }, () => "success" as const)
  }

  /** The place of an instance without a value stays empty. */
  #given({ reads }: GraphNode): End[] {
    const read = this.#instances.get(reads ?? -1) ?? []
    return read.map((end) => (isBad(end) ? "upstream_failed" : end))
  }

  /** What a branch or a short circuit that has succeeded skips. */
  #decideBelow({ id, place, node }: Part): void {
    if (node?.kind === "short_circuit" && !node.flags[0])
      for (const other of this.#below(id, node.flags[1] ? Infinity : 1)) this.#skippedBy.add(other)
    if (node?.kind !== "branch") return
    const chosen = chosenIds(this.#graph, place)
    const followed = new Set([...chosen, ...chosen.flatMap((other) => this.#below(other, Infinity))])
    // A teardown can be chosen, and so lead on, but not be skipped.
    for (const other of this.#below(id, 1)) if (!followed.has(other)) this.#skippedBy.add(other)
  }

  #kindOf(id: string): string | undefined {
    return this.#parts.find((part) => part.id === id)?.node?.kind
  }

  #below(id: string, steps: number): string[] {
    if (steps === 0) return []
    const next = this.#parts.filter(({ ups }) => ups.some((up) => up.id === id)).map((part) => part.id)
    return [...new Set([...next, ...next.flatMap((each) => this.#below(each, steps - 1))])]
  }

  #above(id: string): Set<string> {
    const ups = this.#parts.find((part) => part.id === id)?.ups ?? []
    return new Set(ups.flatMap((up) => [up.id, ...this.#above(up.id)]))
  }
}

/** How a task of a loop ends that has begun: an iteration of which nothing is left ends the loop. */
function loopEnd(
  { deeds, length, flags }: GraphNode,
  step: NonNullable<Part["step"]>,
  hasIterations: boolean,
): End {
  const iterations: End[] = []
  do iterations.push(deedOf(deeds, iterations.length))
  while (iterations.at(-1) === "success" && iterations.length <= length)
  const last = iterations.at(-1)
  switch (step) {
    case "iterations":
      return "success"
    case "beside":
      // It runs however the other has ended.
      return "success"
    case "last":
      if (last === "failed") return "failed"
      return iterations.includes("success") ? "success" : "skipped"
    case "result":
      if (!hasIterations || last === "skipped") return "skipped"
      return flags[0] ? "success" : "failed"
  }
}

function isBad(end: End | undefined): boolean {
  return end === "failed" || end === "upstream_failed"
}

/** What a trigger rule says once everything above has ended. */
function verdictOf(rule: TriggerRule, ends: readonly End[], setups: readonly End[]): End | "run" {
  const has = (end: End) => ends.includes(end)
  const bad = ends.some(isBad)
  switch (rule) {
    case "all_success":
      return bad ? "upstream_failed" : has("skipped") ? "skipped" : "run"
    case "all_failed":
      return ends.every(isBad) ? "run" : "skipped"
    case "all_done":
    case "always":
      return "run"
    case "all_done_min_one_success":
      return has("success") ? "run" : bad ? "upstream_failed" : "skipped"
    case "all_done_setup_success":
      if (setups.length === 0 || setups.includes("success")) return "run"
      return setups.every((end) => end === "skipped") ? "skipped" : "upstream_failed"
    case "all_skipped":
      return ends.every((end) => end === "skipped") ? "run" : "skipped"
    case "one_success":
      return has("success") ? "run" : bad ? "upstream_failed" : "skipped"
    case "one_failed":
      return bad ? "run" : "skipped"
    case "one_done":
      return has("success") || has("failed") ? "run" : "skipped"
    case "none_failed":
      return bad ? "upstream_failed" : "run"
    case "none_failed_min_one_success":
      return bad ? "upstream_failed" : has("success") ? "run" : "skipped"
    case "none_skipped":
      return has("skipped") ? "skipped" : "run"
  }
}
