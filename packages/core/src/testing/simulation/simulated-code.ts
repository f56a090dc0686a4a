import type { TaskContext } from "../../dag/task-context.ts"
import { FailWithoutRetry, Skip } from "../../dag/task-outcome-error.ts"
import { after } from "../../dag/built-in-triggers.ts"
import type { Resumed } from "../../dag/deferral.ts"
import { Trigger } from "../../dag/trigger.ts"
import { type Doings, resumePoint, type SourceScope } from "./build-dag.ts"
import type { DagSpec, SourceSpec } from "./dag-spec.ts"
import type { Growth } from "./extend-runs.ts"
import { hashOf } from "./random.ts"
import type { SimulatedHost } from "./simulated-host.ts"
import type { SimulatedContext } from "./simulated-lease.ts"
import type { Nap } from "./simulated-trigger.ts"
import { deedOf, durationOf, napsOf } from "./user-code.ts"

/** How long a page takes in virtual milliseconds, at most. */
const pageMsMax = 30

/** The task of each run, by the run's name, whose code does not fail any more. */
export type Mended = ReadonlyMap<string, string>

/** What user code has done in a world, seen from outside of any engine. */
export interface CodeLedger {
  /** How often each instance was begun, by run, task and index. */
  readonly executions: Map<string, number>
  /** Sources that were opened and neither closed nor lost with their host. */
  readonly open: Map<number, { readonly source: string; readonly host: SimulatedHost }>
  opened: number
  /** What user code has seen that must not be; null: nothing. */
  wrong: string | null
}

/** Names an instance in the ledger. */
export function instanceName(runId: string, taskId: string, mapIndex: number): string {
  return `${runId}/${taskId}[${mapIndex}]`
}

/** Makes the doings of a DAG's functions in a world, and the ledger of them. */
export function simulateCode(
  spec: DagSpec,
  { growth, mended }: { readonly growth: Growth | null; readonly mended: Mended },
): { doings: Doings; ledger: CodeLedger } {
  const ledger: CodeLedger = { executions: new Map(), open: new Map(), opened: 0, wrong: null }
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
    instance: (taskId, input, ctx, resumed) =>
      runInstance({ spec, mended, ledger }, taskId, { input, ctx, resumed }),
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

type Ctx = TaskContext<typeof resumePoint>

/** The leg of the way at which an instance is, its state between deferrals. */
interface Leg {
  readonly leg: number
  readonly tryNumber: number
}

/** Defers while there is something to wait for; each event must be the one that was waited for. */
async function nap(
  spec: DagSpec,
  ledger: CodeLedger,
  taskId: string,
  { input, ctx, resumed }: { input: unknown; ctx: Ctx; resumed: Resumed | undefined },
): Promise<void> {
  const naps = napsOf(spec, taskId, input, ctx.tryNumber)
  const { leg, tryNumber } = (resumed?.state ?? { leg: -1, tryNumber: ctx.tryNumber }) as Leg
  const last = naps[leg]
  if (resumed !== undefined) {
    const expected = last?.by === "timer" ? null : last?.event
    if (tryNumber !== ctx.tryNumber || resumed.event !== expected || last?.comes !== "event") {
      const seen = JSON.stringify({ resumed, tryNumber: ctx.tryNumber, expected })
      ledger.wrong ??= `${instanceName(ctx.runId, taskId, ctx.mapIndex)} was resumed with ${seen}`
    }
  }
  const next = naps[leg + 1]
  if (next === undefined) return
  const { by, ms, comes, event } = next
  const trigger =
    by === "timer" ? after(ms) : napTrigger({ ms: comes === "late" ? ms + 60_000 : ms, comes, event })
  const timeout = comes === "late" ? 500 : 100_000
  return ctx.defer(trigger, { resume: resumePoint, state: { leg: leg + 1, tryNumber }, timeout })
}

const napTrigger = (args: Nap) => new Trigger({ kind: "user", name: "nap", args })

async function runInstance(
  { spec, mended, ledger }: { spec: DagSpec; mended: Mended; ledger: CodeLedger },
  taskId: string,
  { input, ctx, resumed }: { input: unknown; ctx: Ctx; resumed: Resumed | undefined },
): Promise<void> {
  const { host, runId, mapIndex, tryNumber, signal } = ctx as unknown as SimulatedContext
  const name = instanceName(runId, taskId, mapIndex)
  ledger.executions.set(name, (ledger.executions.get(name) ?? 0) + 1)
  await host.sleep(durationOf(spec, taskId, input), signal)
  if (mended.get(runId) === taskId) return
  await nap(spec, ledger, taskId, { input, ctx, resumed })
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
