import { describe, expect, it } from "vitest"
import { dag as definition, loop, serializeDag, task, type XCom } from "../../dag/index.ts"
import type { SerializedDag } from "../../dag/serialized-dag.ts"
import type { ExpansionView } from "../../store/expansion-store.ts"
import {
  completeEdge,
  type EdgeFixture,
  fusedSource,
  mapped,
  serializedDag,
  sharedSource,
  streamEdge,
  type TaskFixture,
} from "../../testing/store-contract/index.ts"
import { planExtension } from "./plan-extension.ts"

/** A run whose tasks have all succeeded, but for what is said of them. */
function setup(
  tasks: readonly TaskFixture[],
  edges: readonly EdgeFixture[],
  said: Readonly<Record<string, Partial<ExpansionView>>> = {},
) {
  const dag: SerializedDag = serializedDag({ tasks, edges })
  const at = new Date(0)
  const views = dag.tasks.map((task) => {
    const well = {
      state: "success",
      exhausted: true,
      openedAt: at,
      streamError: null,
      stopReason: null,
      stoppedBy: null,
    }
    const { taskId, kind } = task
    return { expansionId: `id of ${taskId}`, taskId, kind, ...well, ...said[taskId] } as ExpansionView
  })
  return (taskId: string) => planExtension({ dag, views }, taskId)
}

const fusedMap = (taskId: string, source: string) =>
  mapped(taskId, { mapping: { leaves: [{ kind: "fused", taskId: source }] } })
const follower = (taskId: string, upstream: string) =>
  mapped(taskId, { mapping: { leaves: [{ kind: "stream", taskId: upstream }] } })

const chain = [fusedSource("s"), fusedMap("a", "s"), follower("b", "a"), { taskId: "report" }]
const edges = [streamEdge("s", "a"), streamEdge("a", "b"), completeEdge("b", "report")]

describe("planning an extension", () => {
  it("takes along what streams from it, and begins anew what waits for an end", () => {
    const plan = setup(chain, edges)("a")
    expect(plan).toEqual({
      refusal: null,
      expansionId: "id of a",
      expansionIds: ["id of s", "id of a", "id of b"],
      effects: [
        { taskId: "a", does: "go on" },
        { taskId: "b", does: "go on" },
        { taskId: "report", does: "begin anew" },
      ],
    })
    expect(setup(chain, edges)("s")).toEqual(plan)
  })

  it("begins anew a reader that also waits for an end that is taken back, with its own readers", () => {
    const tasks = [sharedSource("s"), follower("a", "s"), follower("b", "s"), follower("c", "b")]
    const all = [streamEdge("s", "a"), streamEdge("s", "b"), completeEdge("a", "b"), streamEdge("b", "c")]
    // A zip would stand in the way, if it were to go on.
    const plan = setup(tasks, all, { c: { stoppedBy: "zip" } })("s")
    expect(plan).toMatchObject({
      expansionIds: ["id of s", "id of a"],
      effects: [
        { taskId: "s", does: "go on" },
        { taskId: "a", does: "go on" },
        { taskId: "b", does: "begin anew" },
        { taskId: "c", does: "begin anew" },
      ],
    })
  })

  it.each([
    ["it has all that take() wants", { stoppedBy: "take" }],
    ["it never started", { state: "skipped", openedAt: null }],
    ["it was cancelled", { state: "cancelled" }],
    [
      "it was stopped",
      { state: "failed", stopReason: { type: "TooManyFailures", message: "5 of 9", stack: null } },
    ],
    ["its stream broke", { state: "failed", streamError: { type: "Error", message: "x", stack: null } }],
  ] as const)("leaves a reader as it is because %s", (reason, said) => {
    const plan = setup(chain, edges, { b: said })("a")
    expect(plan).toMatchObject({ refusal: null, expansionIds: ["id of s", "id of a"] })
    expect(plan).toMatchObject({ effects: [{ taskId: "a" }, { taskId: "b", does: "stay", reason }] })
  })

  it("refuses a reader whose take is satisfied by what a concat gave: more of the first would come before it", () => {
    const joined = mapped("b", {
      mapping: { leaves: [{ kind: "stream", taskId: "a" }], operators: ["concat", "take"] },
    })
    const tasks = [fusedSource("s"), fusedMap("a", "s"), joined, { taskId: "report" }]
    const plan = setup(tasks, edges, { b: { stoppedBy: "take" } })("a")
    expect(plan.refusal).toContain('"b" reads through concat(), which cannot go on exactly')
  })

  it("refuses what a loop goes round with: its until has said where it ends", () => {
    const dag = serializeDag(
      definition("d", () => {
        const inc = task("inc", (n: number) => n + 1)
        loop("l", (n: XCom<number>) => inc(n), { until: (n) => n > 3 })(0)
      }),
    )
    for (const taskId of ["l.iterations", "l.inc"]) {
      const views = dag.tasks.map((task) => ({ taskId: task.taskId, kind: task.kind }) as ExpansionView)
      expect(planExtension({ dag, views }, taskId).refusal).toContain(`"${taskId}" is of loop "l"`)
    }
  })

  const error = { type: "Error", message: "503", stack: null }
  it.each([
    ["report", {}, 'task "report" is not mapped, so it has no stream'],
    ["b", {}, 'task "b" reads what other tasks leave, and has all of it. Fix: extend "s", and'],
    ["list", {}, 'task "list" maps a list that is known'],
    ["a", { a: { stoppedBy: "take" } }, '"a" has all that take() wants, and would take no more. Fix:'],
    ["a", { a: { stoppedBy: "chunk" } }, '"a" reads through chunk(), which cannot go on exactly'],
    ["a", { b: { stoppedBy: "zip" } }, '"b" reads through zip(), which cannot go on exactly'],
    [
      "a",
      { a: { state: "upstream_failed", openedAt: null } },
      '"a" is upstream_failed, and its stream never',
    ],
    ["a", { a: { state: "failed", streamError: error } }, 'the stream of "a" broke (503); expected one that'],
    [
      "a",
      { a: { state: "failed", stopReason: error } },
      '"a" was stopped (503); expected a stream that came to',
    ],
    ["a", { a: { state: "cancelled" } }, '"a" was cancelled. Fix: resume it first'],
  ] as const)("refuses %s of %o", (taskId, said, message) => {
    const listed = mapped("list", { mapping: { leaves: [{ kind: "list" }] } })
    const { refusal } = setup([...chain, listed], edges, said)(taskId)
    expect(refusal).toContain(message)
  })
})
