import type { SerializedDag } from "@sluice/core/dag"
import { serializeDag } from "@sluice/core/dag"
import type { DagRunRow, ExpansionView } from "@sluice/core/store"
import { dag, page, source, task } from "@sluice/core"
import type { Output } from "../output.ts"

/** A source, a map, a map behind it, and a reduce. */
export function chainDag(): SerializedDag {
  const numbers = source("numbers", async function* () {
    yield page([1], null)
  })
  const noop = task("noop", async (n: number) => n)
  const twice = task("twice", async (n: number) => n * 2)
  const sum = task("sum", async ({ all }: { all: AsyncIterable<number> }) => {
    for await (const _ of all);
  })
  return serializeDag(
    dag("chain", {}, () => {
      const options = { window: 100, pageSize: 20 }
      sum({ all: twice.iterate(noop.iterate(numbers(), options), options) })
    }),
  )
}

/** An expansion of which only what matters is said. */
export function expansionView(given: Partial<ExpansionView> & { taskId: string }): ExpansionView {
  return {
    expansionId: "4096",
    ordinal: 0,
    kind: "mapped",
    state: "open",
    window: 100,
    pageSize: null,
    concurrency: null,
    isPullingPaused: false,
    isRunningPaused: false,
    toleratedFailures: null,
    stopReason: null,
    pulls: 0,
    pages: 0,
    created: 0,
    duplicates: 0,
    running: 0,
    success: 0,
    failed: 0,
    skipped: 0,
    upstreamFailed: 0,
    retrying: 0,
    deferred: 0,
    exhausted: false,
    stoppedBy: null,
    cursor: null,
    consumed: null,
    pullFailures: 0,
    pullAfter: null,
    streamError: null,
    openedAt: null,
    firstSuccessAt: null,
    pullsAtFirstSuccess: null,
    unfinishedPeak: 0,
    endedAt: null,
    ...given,
  }
}

/** The four tasks of `chainDag`, each with what is said of it. */
export function chainViews(
  given: Partial<Record<"numbers" | "noop" | "twice" | "sum", Partial<ExpansionView>>> = {},
): ExpansionView[] {
  return [
    expansionView({ taskId: "numbers", kind: "fused", window: null, ...given.numbers }),
    expansionView({ taskId: "noop", ...given.noop }),
    expansionView({ taskId: "twice", ...given.twice }),
    expansionView({ taskId: "sum", kind: "task", state: "waiting", window: null, ...given.sum }),
  ]
}

/** A run of `chainDag` that took two seconds. */
export function dagRun(given: Partial<DagRunRow> = {}): DagRunRow {
  return {
    id: "1",
    dagId: "chain",
    runId: "r1",
    dagVersionId: "1",
    state: "success",
    runType: "manual",
    conf: {},
    isConfLeftOut: false,
    logicalDate: null,
    dataIntervalStart: null,
    dataIntervalEnd: null,
    runAfter: new Date("2026-01-01T00:00:00Z"),
    queuedAt: new Date("2026-01-01T00:00:00Z"),
    startedAt: new Date("2026-01-01T00:00:00Z"),
    endedAt: new Date("2026-01-01T00:00:02Z"),
    awaitsParse: false,
    note: null,
    isCancelled: false,
    backfillId: null,
    triggeredBy: null,
    triggeringUser: null,
    timeoutAt: null,
    ...given,
  }
}

/** An output that keeps what it was given, without colours. */
export function keptOutput(columns = 100): Output & { readonly text: () => string } {
  let text = ""
  const write = async (more: string) => {
    text += more
  }
  return {
    isTerminal: false,
    columns,
    isClosed: false,
    write,
    line: (line) => write(`${line}\n`),
    style: (_style, plain) => plain,
    text: () => text,
  }
}
