import { describe, expect, it } from "vitest"
import { widthOf } from "../output.ts"
import { ProgressHistory } from "./history.ts"
import { plainLine } from "./observers.ts"
import { chainDag, chainViews, dagRun, keptOutput } from "./run.test.fixture.ts"
import { gauge, screenLines } from "./screen.ts"
import { taskProgress } from "./task-progress.ts"

const dag = chainDag()
const head = { title: "chain  r1", state: "running", elapsed: "2.0 s" }

function tasksAt(history = new ProgressHistory()) {
  const expansions = chainViews({
    noop: { pulls: 4, created: 95, running: 20, success: 70, failed: 1 },
    twice: { pulls: 3, created: 60, success: 60 },
  })
  const snapshot = { at: 0, run: dagRun({ state: "running", endedAt: null }), expansions }
  history.add(snapshot)
  return taskProgress(dag, snapshot, history)
}

describe("the live screen", () => {
  it("shows each task with its counts, its window and what it waits for", () => {
    const lines = screenLines(head, tasksAt(), keptOutput(100))
    expect(lines).toEqual([
      "chain  r1  running  2.0 s",
      "task     state    pages  created  running     done  failed  window             items/s",
      "numbers  open         4",
      "  └ reads pages",
      "noop     open         4       95       20       70       1  ██░░░░░░░░ 24/100",
      "twice    open         3       60        0       60       0  ░░░░░░░░░░ 0/100",
      "sum      waiting               0        0        0       0",
      "  └ waits for twice",
    ])
  })

  it("says what the pulled source waits for on the source's line", () => {
    const [numbers, noop] = tasksAt()
    expect(numbers).toMatchObject({ taskId: "numbers", pulls: 4, waitsFor: "reads pages" })
    expect(noop?.waitsFor).toBeNull()
  })

  it.each([120, 90, 80, 60, 40, 20])("fits into %i columns", (columns) => {
    const lines = screenLines(head, tasksAt(), keptOutput(columns))
    for (const line of lines.slice(1)) expect(widthOf(line)).toBeLessThan(columns)
  })

  it("draws a gauge that never overflows", () => {
    expect(gauge({ size: 10, held: 12, by: "unfinished" }, "bar")).toBe("██████████ 12/10")
    expect(gauge({ size: 10, held: 5, by: "unfinished" }, "percent")).toBe("50%")
  })
})

describe("a rate", () => {
  it("is what ended within the last seconds, not since the beginning", () => {
    const history = new ProgressHistory()
    for (let second = 0; second <= 20; second++) {
      const success = second <= 10 ? second * 1000 : 10_000 + (second - 10) * 10
      history.add({ at: second * 1000, expansions: chainViews({ noop: { success } }) })
    }
    expect(history.rateOf("noop")).toBeCloseTo(10)
  })

  it("is unknown at first", () => {
    const history = new ProgressHistory()
    history.add({ at: 0, expansions: chainViews() })
    expect(history.rateOf("noop")).toBeNull()
  })

  it("knows how long the page in flight takes", () => {
    const history = new ProgressHistory()
    history.add({ at: 0, expansions: chainViews({ noop: { pulls: 1 } }) })
    history.add({ at: 700, expansions: chainViews({ noop: { pulls: 1 } }) })
    expect(history.pullAgeMs("noop")).toBe(700)
    history.add({ at: 900, expansions: chainViews({ noop: { pulls: 2 } }) })
    expect(history.pullAgeMs("noop")).toBe(0)
  })
})

it("writes plain progress as name=value, for grep", () => {
  expect(tasksAt().map(plainLine)).toEqual([
    "numbers open pages=4",
    "noop open pages=4 created=95 running=20 done=70 failed=1 window=24/100",
    "twice open pages=3 created=60 running=0 done=60 failed=0 window=0/100",
    "sum waiting created=0 running=0 done=0 failed=0 (waits for twice)",
  ])
})
