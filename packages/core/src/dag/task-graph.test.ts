import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  chain,
  dag,
  DagDefinitionError,
  source,
  task,
  type LazyXCom,
  type Orderable,
  type XCom,
} from "../index.ts"
import { serializeDag } from "./index.ts"
import type { SerializedDag } from "./index.ts"

const input = task("t", (given: { x?: unknown; y?: unknown; s?: AsyncIterable<unknown> }) => given)
const items = source("s", async function* () {
  yield 1
})

/** One call of a task: what it is, and which of the earlier ones it uses. */
interface Step {
  readonly kind: "task" | "reduce" | "source" | "map" | "zip" | "expand" | "order"
  readonly a: number
  readonly b: number
  readonly filters: boolean
}

const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom("task", "reduce", "source", "map", "zip", "expand", "order"),
    a: fc.nat(100),
    b: fc.nat(100),
    filters: fc.boolean(),
  }),
  { maxLength: 25 },
)

/** Builds a DAG of any shape; sources that nothing else reads are reduced at the end. */
function build(shape: readonly Step[]): SerializedDag {
  const xcoms: XCom<unknown>[] = []
  const streams: LazyXCom<unknown>[] = []
  const pick = <A>(from: readonly A[], at: number) => (from.length === 0 ? undefined : from[at % from.length])
  const made = dag("d", () => {
    xcoms.push(input.withId("first")({}))
    shape.forEach(({ kind, a, b, filters }, index) => {
      const step = input.withId(`${kind}_${index}`)
      const [x, y] = [pick(xcoms, a), pick(xcoms, b)]
      const piped = (at: number) => (filters ? pick(streams, at)?.filter(Boolean) : pick(streams, at))
      const [s, other] = [piped(a), piped(b)]
      if (kind === "source") streams.push(items.withId(step.taskId)())
      else if (kind === "map" && s) streams.push(step.partial({ x }).iterate(s as never))
      else if (kind === "zip" && s && other) streams.push(step.iterate({ x: s, y: other } as never))
      else if (kind === "expand") streams.push(step.expand(x as never))
      else if (kind === "reduce" && s) xcoms.push(step({ s }))
      else if (kind === "order" && s) xcoms.push(step({ y }).after(s))
      else xcoms.push(step({ x, y }))
    })
    streams.forEach((stream, index) => input.withId(`end_${index}`)({ s: stream }))
  })
  return serializeDag(made)
}

const ordinalsOf = ({ tasks }: SerializedDag) => new Map(tasks.map((one) => [one.taskId, one.ordinal]))

function expectTopological(made: SerializedDag): void {
  const ordinals = ordinalsOf(made)
  expect(made.tasks.map((one) => one.ordinal)).toEqual(made.tasks.map((_, index) => index))
  expect(ordinals.size).toBe(made.tasks.length)
  for (const { upstream, downstream } of made.edges) {
    expect(ordinals.get(upstream)).toBeLessThan(ordinals.get(downstream)!)
  }
}

/** Everything that is read has an edge, and nothing else refers to a task. */
function expectConsistent(made: SerializedDag): void {
  const edges = new Map(made.edges.map((edge) => [`${edge.upstream} ${edge.downstream}`, edge.kind]))
  expect(edges.size).toBe(made.edges.length)
  const kinds = new Map(made.tasks.map((one) => [one.taskId, one.kind]))
  for (const { taskId, xcomInputs, mapping } of made.tasks) {
    for (const upstream of xcomInputs) expect(edges.get(`${upstream} ${taskId}`)).toBe("complete")
    for (const leaf of mapping?.leaves ?? []) {
      if (leaf.kind === "list") continue
      expect(edges.has(`${leaf.taskId} ${taskId}`)).toBe(true)
      const expected = { fused: ["fused"], stream: ["mapped", "source"], xcom: ["task"] }[leaf.kind]
      expect(expected).toContain(kinds.get(leaf.taskId))
    }
  }
}

/**
 * Plays a DAG with windows of one item and checks that it ends: every task that can move does, a consumer holds its
 * upstream back where the edges say so, and filters may drop anything.
 */
function expectNoDeadlock(made: SerializedDag): void {
  const ended = new Set<string>()
  const into = (taskId: string) => made.edges.filter((edge) => edge.downstream === taskId)
  const started = new Set<string>()
  const canStart = (taskId: string) =>
    into(taskId).every(({ upstream, kind }) =>
      kind === "complete" ? ended.has(upstream) : started.has(upstream),
    )
  for (let moved = true; moved;) {
    moved = false
    for (const { taskId } of made.tasks) {
      if (started.has(taskId) || !canStart(taskId)) continue
      started.add(taskId)
      moved = true
    }
    // A task that has started goes on to its end when those that hold it back have started as well: then all move.
    const canEnd = (taskId: string) =>
      started.has(taskId) && streamPartners(made, taskId).every((one) => started.has(one))
    for (const { taskId } of made.tasks) {
      const upstreamsEnd = into(taskId).every(({ upstream }) => ended.has(upstream) || canEnd(upstream))
      if (ended.has(taskId) || !canEnd(taskId) || !upstreamsEnd) continue
      ended.add(taskId)
      moved = true
    }
  }
  expect(made.tasks.map((one) => one.taskId).filter((taskId) => !ended.has(taskId))).toEqual([])
}

/** The tasks without which a task stops in time: those that hold it back, and those it reads, and so on. */
function streamPartners(made: SerializedDag, taskId: string): readonly string[] {
  const partners = new Set([taskId])
  for (const partner of partners) {
    for (const edge of made.edges) {
      if (edge.kind !== "stream") continue
      if (edge.upstream === partner && edge.holdsBack) partners.add(edge.downstream)
      if (edge.downstream === partner) partners.add(edge.upstream)
    }
  }
  return [...partners]
}

describe("a DAG of any shape", () => {
  it("has its tasks in topological order, and an edge for whatever is read", () => {
    fc.assert(
      fc.property(steps, (shape) => {
        const made = build(shape)
        expectTopological(made)
        expectConsistent(made)
      }),
      { numRuns: 500 },
    )
  })

  it("is serialized the same each time it is built, as JSON", () => {
    fc.assert(
      fc.property(steps, (shape) => {
        const text = JSON.stringify(build(shape))
        expect(JSON.stringify(build(shape))).toBe(text)
        expect(JSON.parse(text)).toEqual(build(shape))
      }),
    )
  })

  it("never blocks itself by back-pressure", () => {
    fc.assert(
      fc.property(steps, (shape) => expectNoDeadlock(build(shape))),
      { numRuns: 500 },
    )
  })

  it("is refused when after() or chain() close a cycle, with tasks that do form one", () => {
    const links = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(links, (pairs) => {
        const attempt = () =>
          dag("d", () => {
            const tasks: Orderable[] = Array.from({ length: 10 }, (_, index) => input.withId(`t${index}`)({}))
            pairs.forEach(([from, to], index) => {
              const [upstream, downstream] = [tasks[from]!, tasks[to]!]
              if (index % 2 === 0) chain(upstream, downstream)
              else (downstream as XCom<unknown>).after(upstream)
            })
          })
        const cycle = cycleNamedBy(attempt)
        expect(cycle !== null).toBe(hasCycle(pairs))
        cycle?.slice(1).forEach((to, at) => expect(pairs).toContainEqual([cycle[at], to]))
        if (cycle !== null) expect(cycle[0]).toBe(cycle.at(-1))
      }),
      { numRuns: 500 },
    )
  })

  it("may be thousands of tasks in a row", () => {
    const made = dag("d", () => {
      let last = items().map((x) => ({ x })) as LazyXCom<{ x?: unknown }>
      const first = input.withId("begin")({})
      for (let index = 0; index < 2000; index++) {
        last = input
          .withId(`m${index}`)
          .partial({ y: first })
          .iterate(last)
          .map((x) => ({ x }))
      }
      let previous = first
      for (let index = 0; index < 2000; index++) previous = input.withId(`t${index}`)({ x: previous })
    })
    const startedAt = performance.now()
    expectTopological(serializeDag(made))
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })
})

function cycleNamedBy(attempt: () => unknown): number[] | null {
  try {
    attempt()
    return null
  } catch (error) {
    if (!(error instanceof DagDefinitionError)) throw error
    const path = /wait for each other: (.*); expected/.exec(error.message)![1]!
    return path.split(" → ").map((taskId) => Number(taskId.slice(1)))
  }
}

function hasCycle(pairs: readonly (readonly [number, number])[]): boolean {
  const left = new Set(Array.from({ length: 10 }, (_, index) => index))
  for (let removed = true; removed;) {
    removed = false
    for (const node of left) {
      if (pairs.some(([from, to]) => to === node && left.has(from))) continue
      left.delete(node)
      removed = true
    }
  }
  return left.size > 0
}
