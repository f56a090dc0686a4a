/**
 * One look at what a polled trigger waits for. No code of an author's runs here.
 */
import type { FileTrigger, HttpTrigger } from "../../dag/trigger-spec.ts"
import { eventBytesMax } from "../../dag/deferral.ts"
import { holdsAt } from "../../dag/json-path.ts"
import type { Json } from "../../json.ts"
import type { Outside } from "./outside.ts"

/** What a look has shown. */
export type Look =
  /** It has come: `event` is JSON text. */
  | { readonly saw: "event"; readonly event: string }
  /** It has not; `why` where that is worth a line in the log. */
  | { readonly saw: "nothing"; readonly why: string | null }
  /** It cannot come this way. */
  | { readonly saw: "failure"; readonly why: string }

/** How long a server may take to answer one request. */
export const httpTimeoutMs = 30_000

/** Looks once. */
export function lookAt(
  trigger: HttpTrigger | FileTrigger,
  outside: Outside,
  signal: AbortSignal,
): Promise<Look> {
  return trigger.kind === "file" ? lookForFile(trigger, outside) : ask(trigger, outside, signal)
}

async function lookForFile({ path }: FileTrigger, outside: Outside): Promise<Look> {
  try {
    const bytes = await outside.fileSize(path)
    return bytes === null
      ? { saw: "nothing", why: null }
      : { saw: "event", event: JSON.stringify({ path, bytes }) }
  } catch (error) {
    return { saw: "failure", why: textOf(error) }
  }
}

async function ask(trigger: HttpTrigger, outside: Outside, signal: AbortSignal): Promise<Look> {
  const { url, method, headers, statuses, json } = trigger
  const either = AbortSignal.any([signal, AbortSignal.timeout(httpTimeoutMs)])
  try {
    const reply = await outside.fetch({ url, method, headers, bytesMax: eventBytesMax, signal: either })
    const { status } = reply
    const isWanted = statuses === null ? status >= 200 && status < 300 : statuses.includes(status)
    if (!isWanted) return { saw: "nothing", why: `answered ${status}` }
    if (reply.isCut) return { saw: "failure", why: tooLarge(status) }
    const body = method === "HEAD" ? null : readBody(reply.body, reply.contentType, json !== null)
    if (json !== null && !holdsAt(body, json)) return { saw: "nothing", why: null }
    const event = JSON.stringify({ status, body })
    return event.length * 3 > eventBytesMax && Buffer.byteLength(event) > eventBytesMax
      ? { saw: "failure", why: tooLarge(status) }
      : { saw: "event", event }
  } catch (error) {
    return { saw: "nothing", why: `gave no answer: ${textOf(error)}` }
  }
}

function tooLarge(status: number): string {
  return `answered ${status} with a body of more than ${eventBytesMax} bytes, which an event cannot hold: poll with method "HEAD", or a smaller answer`
}

/** JSON where it is said to be, or is looked into; else text. What cannot be parsed stays text. */
function readBody(bytes: Uint8Array, contentType: string, isLookedInto: boolean): Json {
  const text = new TextDecoder().decode(bytes)
  if (!isLookedInto && !/[/+]json\b/.test(contentType)) return text
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

/** `fetch failed` alone tells nobody anything: what is behind it does. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
