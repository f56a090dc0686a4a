import type { ExecutionContext, LogEntry, PullRequest } from "../port.ts"
import { openStreamsMax } from "./bounds.ts"
import { send } from "./channel.ts"
import { findTask } from "./definitions.ts"
import { logging } from "./log.ts"
import { pullFailure, StreamSession } from "./stream-session.ts"

/** The pipelines open in this host, the one pulled longest ago first. */
const sessions = new Map<string, StreamSession>()

/** A pull under way: its session once there is one, and why it was aborted before. */
interface PullUnderWay {
  session: StreamSession | null
  abortReason: string | null
}

const pulls = new Map<number, PullUnderWay>()

/** Pulls a page of a context's pipeline and sends it. */
export async function pullPage(
  callId: number,
  context: ExecutionContext,
  request: PullRequest,
): Promise<void> {
  const pull: PullUnderWay = { session: null, abortReason: null }
  pulls.set(callId, pull)
  try {
    const session = await openSession(context)
    pull.session = session
    if (pull.abortReason !== null) session.abort(pull.abortReason)
    const page = await logging.run(session, () => session.pull(callId, request))
    send({ kind: "pulled", callId, page })
  } catch (thrown) {
    const logs = pull.session === null ? [] : await endSession(pull.session)
    send(pullFailure(callId, thrown, logs))
  } finally {
    pulls.delete(callId)
  }
}

/** Aborts the pull that a call waits for. */
export function abortPull(callId: number, reason: string): void {
  const pull = pulls.get(callId)
  if (pull === undefined) return
  pull.abortReason = reason
  pull.session?.abort(reason)
}

/** Aborts every pull under way. */
export function abortPulls(reason: string): void {
  for (const callId of pulls.keys()) abortPull(callId, reason)
}

/** Closes a context's pipeline, if it is open. */
export async function closeStream(contextId: string): Promise<void> {
  const session = sessions.get(contextId)
  if (session === undefined) return
  forget(session)
  await logging.run(session, () => session.end())
}

/** Closes all pipelines at once. */
export async function closeStreams(): Promise<void> {
  await Promise.allSettled([...sessions.keys()].map((contextId) => closeStream(contextId)))
}

async function openSession(context: ExecutionContext): Promise<StreamSession> {
  const task = await findTask(context)
  const open = sessions.get(context.contextId)
  if (open?.context === context) {
    // Setting again moves it to the end.
    sessions.delete(context.contextId)
    sessions.set(context.contextId, open)
    return open
  }
  // The context has changed: what is open was made for the old one.
  await closeStream(context.contextId)
  const session = new StreamSession(context, task)
  sessions.set(context.contextId, session)
  const [oldest] = sessions.keys()
  if (sessions.size > openStreamsMax && oldest !== undefined) void closeStream(oldest).catch(() => {})
  return session
}

/** Closes the pipeline of a failed pull, so that the next one starts afresh from its cursor; gives what it logged. */
async function endSession(session: StreamSession): Promise<LogEntry[]> {
  forget(session)
  await logging.run(session, () => session.close()).catch(() => {})
  return session.takeLogs()
}

function forget(session: StreamSession): void {
  if (sessions.get(session.context.contextId) === session) sessions.delete(session.context.contextId)
}
