import { buildInput, type TaskNode } from "@sluice/core/dag"
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
  const lease = new LeaseRun({ ...options, onStuck: (reason) => send({ kind: "dying", reason }) })
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

/** Sends what every lease has finished. */
export function flushLeases(): void {
  for (const lease of running.values()) lease.flush()
}

/** Fails an instance that cannot go on, and sends what every lease has finished. */
export function failAndFlush(instance: Instance | null, error: TaskError): void {
  for (const lease of running.values()) {
    if (instance !== null) lease.failNow(instance, error)
    lease.flush()
  }
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
    return { call: createCall(node, items, options), params }
  } catch (thrown) {
    const call = () => {
      throw thrown
    }
    return { call, params: {} }
  }
}

function createCall(
  node: TaskNode,
  items: readonly unknown[] | null,
  { callId, context }: { callId: number; context: ExecutionContext },
): CallTask {
  const xcoms = xcomValues(context, items !== null)
  return (position, instance) => {
    const input = buildInput(node, items?.[position], xcoms, (lazy) => bindStream(lazy, callId, instance))
    return node.run(input, instance)
  }
}
