import type { TaskContext } from "../../dag/task-context.ts"
import { FailWithoutRetry, Skip } from "../../dag/task-outcome-error.ts"
import type { Doings, SourceScope } from "./build-dag.ts"
import type { DagSpec, SourceSpec } from "./dag-spec.ts"
import type { Growth } from "./extend-runs.ts"
import { hashOf } from "./random.ts"
import type { SimulatedHost } from "./simulated-host.ts"
import type { SimulatedContext } from "./simulated-lease.ts"
import { deedOf, durationOf } from "./user-code.ts"

/** How long a page takes in virtual milliseconds, at most. */
const pageMsMax = 30

/** What user code has done in a world, seen from outside of any engine. */
export interface CodeLedger {
  /** How often each instance was begun, by run, task and index. */
  readonly executions: Map<string, number>
  /** Sources that were opened and neither closed nor lost with their host. */
  readonly open: Map<number, { readonly source: string; readonly host: SimulatedHost }>
  opened: number
}

/** Names an instance in the ledger. */
export function instanceName(runId: string, taskId: string, mapIndex: number): string {
  return `${runId}/${taskId}[${mapIndex}]`
}

/** Makes the doings of a DAG's functions in a world, and the ledger of them. */
export function simulateCode(spec: DagSpec, growth: Growth | null): { doings: Doings; ledger: CodeLedger } {
  const ledger: CodeLedger = { executions: new Map(), open: new Map(), opened: 0 }
  const attempts = new Map<string, number>()
  const openings = new WeakMap<SourceScope, number>()
  const meetFailure = (source: SourceSpec, page: number, scope: SourceScope) => {
    if (source.breaksAt === page) throw broken(source)
    const key = `${String(scope.context["runId"])}/${source.id}/${page}`
    const made = attempts.get(key) ?? 0
    if (made >= (source.failures[page] ?? 0)) return
    attempts.set(key, made + 1)
    throw new Error(`${source.id} could not be read`)
  }
  const doings: Doings = {
    instance: (taskId, input, ctx) => runInstance(spec, ledger, taskId, { input, ctx }),
    page: async (source, page, scope) => {
      const ms = hashOf(`${source.id} ${page}`) % pageMsMax
      await hostOf(scope).sleep(ms, scope.signal)
      meetFailure(source, page, scope)
    },
    items: meetFailure,
    found: (source, scope) => {
      const hasMore = growth?.source.id === source.id && growth.grown.has(String(scope.context["runId"]))
      const found = hasMore ? growth.spec.nodes.find(({ id }) => id === source.id) : source
      return found?.kind === "source" ? found : source
    },
    opened: (source, scope) => {
      const number = ++ledger.opened
      openings.set(scope, number)
      ledger.open.set(number, { source: source.id, host: hostOf(scope) })
    },
    closed: (_source, scope) => {
      const number = openings.get(scope)
      if (number !== undefined) ledger.open.delete(number)
    },
  }
  return { doings, ledger }
}

/** Half of the sources that break do so for good at once, the others after all their tries. */
function broken(source: SourceSpec): Error {
  const message = `${source.id} is broken`
  return hashOf(source.id) % 2 === 0 ? new FailWithoutRetry(message) : new Error(message)
}

function hostOf(scope: SourceScope): SimulatedHost {
  return scope.context["host"] as SimulatedHost
}

async function runInstance(
  spec: DagSpec,
  ledger: CodeLedger,
  taskId: string,
  { input, ctx }: { input: unknown; ctx: TaskContext },
): Promise<void> {
  const { host, runId, mapIndex, tryNumber, signal } = ctx as unknown as SimulatedContext
  const name = instanceName(runId, taskId, mapIndex)
  ledger.executions.set(name, (ledger.executions.get(name) ?? 0) + 1)
  await host.sleep(durationOf(spec, taskId, input), signal)
  const deed = deedOf(spec, taskId, input)
  switch (deed.does) {
    case "succeed":
      return
    case "skip":
      throw new Skip("not today")
    case "failForGood":
      throw new FailWithoutRetry("for good")
    case "failAlways":
      throw new Error("always")
    case "killHost":
      host.die(`${name} ended it`)
      return new Promise(() => {})
    case "failFirst":
      if (tryNumber <= deed.tries) throw new Error(`try ${tryNumber}`)
  }
}
