import type { ExpansionRecord, MemoryState, RunRecord } from "../../store/memory/state.ts"
import { isRunLoose, looseTasks, wentPastLimit, wrongStopped } from "./loose-outcomes.ts"
import type { ExpectedInstance, ExpectedRun, ExpectedTask } from "./model.ts"
import { type CodeLedger, instanceName } from "./simulated-code.ts"

/** Says what of a world that has come to its end is not as it must be; null: nothing. */
export function wrongOutcome(
  state: MemoryState,
  expectedOf: (run: RunRecord) => ExpectedRun,
  ledger: CodeLedger,
): string | null {
  if (state.leases.size > 0) return `${state.leases.size} leases are left`
  if (state.triggers.size > 0) return `${state.triggers.size} triggers are left`
  if (ledger.wrong !== null) return ledger.wrong
  for (const { source, host } of ledger.open.values()) {
    if (host.isAlive) return `source ${source} is still open in ${host.name}`
  }
  for (const run of state.runs) {
    const wrong = wrongRun(run, expectedOf(run), ledger)
    if (wrong !== null) return `run ${run.runId}: ${wrong}`
  }
  return null
}

function wrongRun(run: RunRecord, expected: ExpectedRun, ledger: CodeLedger): string | null {
  const loose = looseTasks(run)
  for (const expansion of run.expansions) {
    const task = expected.tasks.get(expansion.task.taskId)
    if (task === undefined) return `${expansion.task.taskId} is not expected`
    if (loose.has(task.taskId)) {
      const wrong = wrongLoose(run, expansion, { task, loose })
      if (wrong !== null) return `${task.taskId}: ${wrong}`
      continue
    }
    const past = wentPastLimit(expansion, task)
    if (past !== null) return `${task.taskId} was not stopped: ${past}`
    const wrong = wrongTask(expansion, task, (mapIndex) =>
      task.isOurs === true ? 1 : (ledger.executions.get(instanceName(run.runId, task.taskId, mapIndex)) ?? 0),
    )
    if (wrong !== null) return `${task.taskId}: ${wrong}`
  }
  if (isRunLoose(run, loose)) return null
  return run.state === expected.state ? null : `it is ${run.state}, not ${expected.state}`
}

/** Of a stopped map with nothing loose above it is known what each of its instances may have left. */
function wrongLoose(
  run: RunRecord,
  expansion: ExpansionRecord,
  { task, loose }: { readonly task: ExpectedTask; readonly loose: ReadonlySet<string> },
): string | null {
  if (expansion.stopReason === null || expansion.task.kind !== "mapped") return null
  const above = run.version.dag.edges.filter(({ downstream }) => downstream === task.taskId)
  const kinds = new Map(run.version.dag.tasks.map(({ taskId, kind }) => [taskId, kind]))
  const isLooseAbove = above.some(({ upstream }) => loose.has(upstream) && kinds.get(upstream) !== "fused")
  return isLooseAbove ? null : wrongStopped(expansion, task)
}

function wrongTask(
  expansion: ExpansionRecord,
  task: ExpectedTask,
  executionsOf: (mapIndex: number) => number,
): string | null {
  const { kind } = expansion.task
  if (kind === "source") {
    const items = expansion.pages.flatMap((page) =>
      (page.items ?? []).map((item) => JSON.parse(item ?? "null") as unknown),
    )
    if (JSON.stringify(items) !== JSON.stringify(task.items))
      return `its items are ${JSON.stringify(items)}, not ${JSON.stringify(task.items)}`
  }
  if (kind === "mapped" || kind === "task") {
    if (expansion.created !== task.instances.length)
      return `${expansion.created} instances, not ${task.instances.length}`
    if (expansion.task.mapping?.isOrdered === false) {
      const wrong = wrongOnTheWhole(expansion, task)
      if (wrong !== null) return wrong
    }
    for (const instance of expansion.task.mapping?.isOrdered === false ? [] : task.instances) {
      const wrong = wrongInstance(expansion, instance, executionsOf(instance.mapIndex))
      if (wrong !== null) return `[${instance.mapIndex}] ${wrong}`
    }
  }
  return expansion.state === task.state ? null : `it is ${expansion.state}, not ${task.state}`
}

/** What takes results as they are completed has the same instances, under whatever indexes. */
function wrongOnTheWhole({ rows }: ExpansionRecord, task: ExpectedTask): string | null {
  const left = [...rows.values()].map(({ state, value }) => `${state} ${value}`).sort()
  const expected = task.instances
    .map(({ state, value }) => `${state} ${state === "success" ? JSON.stringify(value) : null}`)
    .sort()
  return JSON.stringify(left) === JSON.stringify(expected)
    ? null
    : `it left ${left.join(", ")}, not ${expected.join(", ")}`
}

function wrongInstance(
  expansion: ExpansionRecord,
  expected: ExpectedInstance,
  executions: number,
): string | null {
  const row = expansion.rows.get(expected.mapIndex)
  if (row?.state !== expected.state)
    return `is ${row?.state ?? "without a record"} (${row?.error?.message ?? ""}), not ${expected.state}`
  const value = row.state === "success" ? JSON.stringify(expected.value) : null
  if (row.value !== value) return `left ${row.value}, not ${value}`
  // What was decided by its upstream has no try.
  const mustRun = row.tryNumber > 0
  return mustRun && executions === 0 ? "has a record, and was never executed" : null
}
