import { buildInput, type Resumed, type TaskNode } from "@sluice/core/dag"
import { decode } from "../codec/index.ts"
import type { ExecutionContext, LeaseWork, TaskError } from "../port.ts"
import type { HostSettings } from "../protocol.ts"
import { send } from "./channel.ts"
import { findTask } from "./definitions.ts"
import type { Instance } from "./instance.ts"
import { type CallTask, LeaseRun, type PreparedTask } from "./lease-run.ts"
import { bindStream } from "./bind-stream.ts"
import { xcomValues } from "./xcom-values.ts"

const running = new Map<number, LeaseRun>()

/** Runs a lease and sends its outcomes. */
export async function runLease(options: {
  callId: number
  context: ExecutionContext
  work: LeaseWork
  settings: HostSettings
}): Promise<void> {
  const lease = new LeaseRun({ ...options, onStuck: giveUpHost })
  running.set(options.callId, lease)
  await lease.run(await prepare(options))
  running.delete(options.callId)
}

/** Aborts what a call runs. */
export function abortLease(callId: number, reason: string): void {
  running.get(callId)?.abort(reason)
}

/** Aborts every lease. */
export function abortLeases(reason: string): void {
  for (const lease of running.values()) lease.abort(reason)
}

/** An instance whose outcome is known holds on to this process, and nothing else is why it ends. */
function giveUpHost(reason: string, culprit: Instance): void {
  sayLast(culprit)
  send({ kind: "dying", reason })
}

let hasSaidLast = false

/**
 * Sends what every lease has finished, and which instances may be why this process is about to end: `culprit`, or
 * where it is not known all that run.
 */
export function sayLast(culprit: Instance | null): void {
  if (hasSaidLast) return
  hasSaidLast = true
  for (const lease of running.values()) {
    lease.flush()
    lease.tellLast(culprit)
  }
}

/** Fails an instance that cannot go on, and says what there is to say before the process ends. */
export function failAndSayLast(instance: Instance | null, error: TaskError): void {
  if (instance !== null) for (const lease of running.values()) lease.failNow(instance, error)
  sayLast(instance)
}

/** Makes the call of one instance; when the bundle or its inputs cannot be had, a call that fails with that. */
async function prepare(options: {
  callId: number
  context: ExecutionContext
  work: LeaseWork
}): Promise<PreparedTask> {
  try {
    const { node, params } = await findTask(options.context)
    const items = options.work.items === null ? null : (decode(options.work.items) as readonly unknown[])
    return {
      call: createCall(node, items, options),
      params,
      resumePoints: node.resumePoints,
      outlets: outletsOf(node),
    }
  } catch (thrown) {
    const call = () => {
      throw thrown
    }
    return { call, params: {}, resumePoints: [], outlets: [] }
  }
}

function outletsOf(node: TaskNode): readonly string[] {
  return node.settings.outlets.map((asset) => asset.name)
}

function createCall(
  node: TaskNode,
  items: readonly unknown[] | null,
  { callId, context, work }: { callId: number; context: ExecutionContext; work: LeaseWork },
): CallTask {
  const xcoms = xcomValues(context, items !== null)
  return (position, instance) => {
    const input = buildInput(node, items?.[position], xcoms, (lazy) => bindStream(lazy, callId, instance))
    const payload = work.resumes?.[position] ?? null
    if (payload === null) return node.run(input, instance)
    const { resume, state, event } = decode(payload) as Resumed & { resume: string }
    return node.resume(resume, input, { event, state }, instance)
  }
}
