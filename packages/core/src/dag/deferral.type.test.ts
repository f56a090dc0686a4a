import { describe, expect, expectTypeOf, it } from "vitest"
import { after, dag, runFinished, source, task, trigger } from "../index.ts"
import type { FinishedRun, Resumed, TaskContext, Trigger, XCom } from "../index.ts"

// Nothing here is called: `tsc -b packages/core` checks it, and takes an unused @ts-expect-error for an error.

const types = (name: string, check: () => void) => it(name, () => expect(check).toBeTypeOf("function"))

const approval = trigger("approval", async function* ({ id }: { id: string }, { signal }) {
  expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
  yield { id, isApproved: true }
})

const tick = trigger("tick", async function* () {
  yield 1
})

describe("the types of deferral", () => {
  types("name the resume points of the task, and no others", () => {
    const wait = task(
      "wait",
      async ({ id }: { id: string }, ctx) => {
        // @ts-expect-error -- there is no such point
        if (id === "") return ctx.defer(after("1m"), { resume: "collekt" })
        if (id === "x") return "at once"
        return ctx.defer(after("1m"), { resume: "collect", state: { id }, timeout: "1h" })
      },
      {
        retries: 2,
        resume: {
          collect: async ({ id }, resumed, ctx) => {
            expectTypeOf(id).toEqualTypeOf<string>()
            expectTypeOf(resumed.event).toEqualTypeOf<unknown>()
            if (id === "again") return ctx.defer(approval({ id }), { resume: "decided" })
            return id
          },
          decided: async (_input, { event }: Resumed<{ isApproved: boolean }>) => String(event.isApproved),
        },
      },
    )
    expectTypeOf(wait({ id: "a" })).toEqualTypeOf<XCom<string>>()
  })

  types("give the result that a resume point returns", () => {
    const wait = task("wait", async (_: void, ctx) => ctx.defer(after(1), { resume: "go" }), {
      resume: { go: async () => 7 },
    })
    expectTypeOf(wait()).toEqualTypeOf<XCom<number>>()
  })

  types("let a task without resume points not defer", () => {
    // @ts-expect-error -- it says no resume point
    task("t", async (_: void, ctx) => ctx.defer(after(1), { resume: "go" }))
    task("t", (_input: number, ctx) => expectTypeOf(ctx).toEqualTypeOf<TaskContext>())
  })

  types("know the arguments and the event of a trigger", () => {
    expectTypeOf(approval({ id: "a" })).toEqualTypeOf<Trigger<{ id: string; isApproved: boolean }>>()
    // @ts-expect-error -- its arguments are missing
    approval()
    expectTypeOf(tick()).toEqualTypeOf<Trigger<number>>()
    expectTypeOf(runFinished({ dagId: "d", runId: "r" })).toEqualTypeOf<Trigger<FinishedRun>>()
  })

  types("have neither resume points nor a limit of deferred instances for a source", () => {
    // @ts-expect-error -- a source cannot defer
    source("s", async function* () {}, { deferredMax: 1 })
    // @ts-expect-error -- nor can the tasks of a DAG share resume points
    dag("d", { defaultTaskOptions: { resume: {} } }, () => {})
  })
})
