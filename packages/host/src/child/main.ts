// The entry of a host process: user code runs here, and nothing else does. It talks to its parent alone.

import type { ExecutionContext } from "../port.ts"
import { hostSettingsVariable, type HostSettings, type ToHost } from "../protocol.ts"
import { installBundleLoader } from "./bundle-loader.ts"
import { refuseToCapture } from "./captured.ts"
import { listen, send, sendAndExit } from "./channel.ts"
import { addBundle } from "./definitions.ts"
import { describeBundle } from "./describe.ts"
import { abortLease, abortLeases, runLease, sayLast } from "./leases.ts"
import { captureOutput, logging } from "./log.ts"
import { Instance } from "./instance.ts"
import { settleRead } from "./reads.ts"
import { watchForStrayErrors } from "./stray-errors.ts"
import { pullFailure } from "./stream-session.ts"
import { abortPull, abortPulls, closeStream, closeStreams, pullPage } from "./streams.ts"
import { abortTrigger, abortTriggers, runTrigger, sayLastOfTriggers } from "./triggers.ts"
import { describeThrown } from "./thrown.ts"

/** Frames kept of a stack: enough to reach the author's code from deep inside a library. */
const stackFramesMax = 30

const settings = takeSettings()
const contexts = new Map<string, ExecutionContext>()
const calls = new Set<Promise<void>>()

process.title = "sluice-host"
Error.stackTraceLimit = stackFramesMax
captureOutput()
installBundleLoader()
refuseToCapture()
watchForStrayErrors()
// The parent ends its hosts itself: a Ctrl-C reaches the whole process group, and must not cut off what runs.
process.on("SIGINT", () => {})
process.on("SIGTERM", () => {})
// What has finished is still true when user code calls process.exit. A pipe with room takes it before the exit.
process.on("exit", () => {
  sayLast(runningInstance())
  sayLastOfTriggers(logging.getStore() ?? null)
})
listen(receive)
send({ kind: "ready" })

function receive(message: ToHost): void {
  switch (message.kind) {
    case "run":
      return start(runLease({ ...message, context: contextOf(message.contextId), settings }))
    case "pull":
      return start(pull(message))
    case "trigger":
      return start(runTrigger({ ...message, context: contextOf(message.contextId) }))
    case "bundle":
      return addBundle(message.bundle)
    case "context":
      contexts.set(message.context.contextId, message.context)
      return
    case "forget":
      contexts.delete(message.contextId)
      return
    case "abort":
      abortLease(message.callId, message.reason)
      abortTrigger(message.callId, message.reason)
      return abortPull(message.callId, message.reason)
    case "closeStream":
      return start(close(message))
    case "describe":
      return start(describe(message))
    case "readReply":
    case "readFailed":
      return settleRead(message)
    case "ping":
      return send({ kind: "pong", rssBytes: process.memoryUsage.rss() })
    case "shutdown":
      return void shutDown()
  }
}

/** Keeps a call in view until it has settled. None of them rejects: what goes wrong is in what they send. */
function start(call: Promise<void>): void {
  calls.add(call)
  void call.finally(() => calls.delete(call))
}

function contextOf(contextId: string): ExecutionContext {
  const context = contexts.get(contextId)
  if (context === undefined) throw new Error(`context ${contextId} was not sent to this host`)
  return context
}

async function pull({ callId, contextId, request }: Extract<ToHost, { kind: "pull" }>): Promise<void> {
  try {
    await pullPage(callId, contextOf(contextId), request)
  } catch (thrown) {
    send(pullFailure(callId, thrown, []))
  }
}

async function close({ callId, contextId }: Extract<ToHost, { kind: "closeStream" }>): Promise<void> {
  // What a `finally` block throws has been logged nowhere yet, and concerns nobody who waits.
  await closeStream(contextId).catch((thrown: unknown) => console.error("closing a stream failed:", thrown))
  send({ kind: "closed", callId })
}

async function describe({ callId, bundle, folder }: Extract<ToHost, { kind: "describe" }>): Promise<void> {
  try {
    send({ kind: "described", callId, ...(await describeBundle(bundle, folder)) })
  } catch (thrown) {
    send({ kind: "rejected", callId, error: describeThrown(thrown) })
  }
}

async function shutDown(): Promise<void> {
  abortLeases("the worker is shutting down")
  abortPulls("the worker is shutting down")
  abortTriggers("the worker is shutting down")
  await Promise.allSettled(calls)
  await closeStreams()
  sendAndExit({ kind: "pong", rssBytes: 0 }, 0)
}

/** The instance on whose behalf code runs right now. */
function runningInstance(): Instance | null {
  const owner = logging.getStore()
  return owner instanceof Instance ? owner : null
}

function takeSettings(): HostSettings {
  const text = process.env[hostSettingsVariable] ?? "{}"
  Reflect.deleteProperty(process.env, hostSettingsVariable)
  return JSON.parse(text) as HostSettings
}
