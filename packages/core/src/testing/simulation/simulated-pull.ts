import { type DagDefinition, inputStream } from "../../dag/dag-definition.ts"
import { itemKeys } from "../../dag/item-names.ts"
import { isFailWithoutRetry } from "../../dag/task-outcome-error.ts"
import type { ExecutionContext, PulledPage, PullRequest } from "../../host/host-pool.ts"
import { PullFailed } from "../../host/host-pool.ts"
import type { Json } from "../../json.ts"
import { createPullScope } from "../../stream/create-pull-scope.ts"
import { type Gap, isGap } from "../../stream/gap.ts"
import { leafOf } from "../../stream/source-leaf.ts"
import type { StreamReader } from "../../stream/stream-reader.ts"
import type { PullSession, SimulatedHost } from "./simulated-host.ts"

/** How long a pull takes beside its source, at most. */
const pullMsMax = 2

/** Pulls one page in a host, in a session that stays open for the next. */
export function pullInHost(
  host: SimulatedHost,
  definition: DagDefinition,
  options: { context: ExecutionContext; request: PullRequest; reader: StreamReader },
): { page: Promise<PulledPage>; abort: (reason: string) => void } {
  const { context, request } = options
  const { ordered: isOrdered } = definition.node(context.taskId).mapping?.options ?? {}
  const session = sessionOf(host, context, { reader: options.reader, isOrdered })
  const page = session.turn.then(async () => {
    session.reader = options.reader
    try {
      await host.sleep(host.world.random.integer(0, pullMsMax), session.abort.signal)
      return await pullPage(session, definition, context, request)
    } catch (thrown) {
      await endSession(host, context.contextId, session)
      throw toPullFailed(thrown)
    }
  })
  session.turn = page.catch(() => {})
  return { page, abort: (reason) => session.abort.abort(new DOMException(reason, "AbortError")) }
}

function sessionOf(
  host: SimulatedHost,
  context: ExecutionContext,
  { reader, isOrdered }: { readonly reader: StreamReader; readonly isOrdered: boolean | undefined },
): PullSession {
  const open = host.sessions.get(context.contextId)
  if (open !== undefined) return open
  const abort = new AbortController()
  const { runId, taskId } = context
  const current: StreamReader = {
    readStream: (ask) => session.reader.readStream(ask),
    readXCom: (ask) => session.reader.readXCom(ask),
  }
  const scope = createPullScope({
    signal: abort.signal,
    reader: current,
    isOrdered,
    context: { runId, taskId, host },
  })
  const session: PullSession = { scope, abort, reader, turn: Promise.resolve() }
  host.sessions.set(context.contextId, session)
  return session
}

async function pullPage(
  session: PullSession,
  definition: DagDefinition,
  context: ExecutionContext,
  request: PullRequest,
): Promise<PulledPage> {
  const node = definition.node(context.taskId)
  const { stream } = inputStream(node)
  session.scope.pageSize = request.pageSize
  const cursor = request.cursor === null ? stream.start : (JSON.parse(request.cursor) as Json)
  const page = await stream.pull(cursor, session.scope)
  return {
    items: page.items.map((item) => (isGap(item) ? pulledGap(item) : JSON.stringify(item))),
    keys: itemKeys(node, page.items),
    labels: null,
    next: page.next === null ? null : JSON.stringify(page.next),
    waiting: page.waiting ?? false,
    end:
      page.end === undefined
        ? null
        : "resume" in page.end
          ? { resume: JSON.stringify(page.end.resume) }
          : page.end,
    logs: [],
  }
}

function pulledGap({ state, index }: Gap): PulledPage["items"][number] {
  return index === null ? { gap: state } : { gap: state, index }
}

/** Closes a session after the pull that is under way. */
export async function endSession(
  host: SimulatedHost,
  contextId: string,
  session: PullSession,
): Promise<void> {
  if (host.sessions.get(contextId) === session) host.sessions.delete(contextId)
  await session.scope.close().catch(() => {})
}

function toPullFailed(thrown: unknown): PullFailed {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const isFinal = isFailWithoutRetry(thrown) || Reflect.get(error, "retryable") === false
  return new PullFailed({
    error: { type: error.name, message: error.message, stack: null },
    leafTaskId: leafOf(thrown)?.taskId ?? null,
    retryable: !isFinal,
    logs: [],
  })
}
