import { describe, expect, it } from "vitest"
import type { ExpansionView } from "@sluice/core/store"
import { chainDag, chainViews } from "./run.test.fixture.ts"
import { waitsFor, windowUse } from "./waiting.ts"

const dag = chainDag()
const now = new Date("2026-01-01T00:00:00Z")

function said(taskId: string, views: readonly ExpansionView[], pullAgeMs = 0): string | null {
  const task = dag.tasks.find((one) => one.taskId === taskId)!
  const expansions = new Map(views.map((view) => [view.taskId, view]))
  return waitsFor(task, expansions.get(taskId)!, { dag, expansions, pullAgeMs: () => pullAgeMs, now })
}

describe("what a task waits for", () => {
  it("names the upstream tasks that have not ended", () => {
    expect(said("sum", chainViews())).toBe("waits for twice")
  })

  it("names a stream that has not started", () => {
    expect(said("twice", chainViews({ noop: { state: "waiting" }, twice: { state: "waiting" } }))).toBe(
      "waits for noop",
    )
  })

  it("tells a window full of unfinished instances from one full of results nobody took", () => {
    expect(said("noop", chainViews({ noop: { created: 95, success: 5 } }))).toBe("window full: 90 unfinished")
    expect(said("noop", chainViews({ noop: { created: 95, success: 95, consumed: 10 } }))).toBe(
      "window full: 85 not yet taken by twice",
    )
  })

  it("calls a window full only when it has no room for a whole page, as the expander does", () => {
    expect(said("noop", chainViews({ noop: { created: 80 } }))).toBe("reads pages")
    expect(said("noop", chainViews({ noop: { created: 81 } }))).toBe("window full: 81 unfinished")
  })

  it("says how long a slow page takes", () => {
    expect(said("noop", chainViews({ noop: { pulls: 3 } }), 1200)).toBe("reads page 4, 1.2 s so far")
  })

  it("says when a source is tried again, and why", () => {
    const noop = {
      pullFailures: 2,
      pullAfter: new Date(now.getTime() + 3000),
      streamError: { type: "Error", message: "503", stack: null },
    }
    expect(said("noop", chainViews({ noop }))).toBe("retry 2 in 3.0 s after Error: 503")
  })

  it("says that a map behind another has caught up", () => {
    expect(said("twice", chainViews({ twice: { created: 5, success: 5 } }), 1000)).toBe(
      "waits for results of noop",
    )
  })

  it("says when a map is paused, or waits only for next tries", () => {
    expect(said("noop", chainViews({ noop: { isPullingPaused: true } }))).toBe("pulling is paused")
    expect(said("noop", chainViews({ noop: { state: "draining", created: 5, deferred: 5 } }))).toBe(
      "waits for the events of 5",
    )
    expect(said("noop", chainViews({ noop: { state: "draining", created: 5, retrying: 5 } }))).toBe(
      "waits for the next try of 5",
    )
  })
})

describe("the use of a window", () => {
  it("is what is unfinished, or what the next map has not taken, whichever is more", () => {
    const [, noop] = chainViews({ noop: { created: 50, success: 40, consumed: 20 } })
    expect(windowUse(noop!)).toEqual({ size: 100, held: 30, by: "unconsumed" })
  })

  it("is nothing for a task without a window", () => {
    expect(windowUse(chainViews()[3]!)).toBeNull()
  })
})
