import type { AssetEvent, Connection } from "@sluice/core/dag"
import type { IndexRange, StreamReader, StreamSlice } from "@sluice/core/stream"
import { Gap } from "@sluice/core/stream"
import { decode } from "../codec/index.ts"
import type { EncodedReader, ReadAssetEvent } from "../port.ts"
import type { ReadAsk, ReadReply } from "../protocol.ts"
import { send } from "./channel.ts"

type EncodedSlice = Awaited<ReturnType<EncodedReader["readStream"]>>

interface PendingRead {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
}

const pending = new Map<number, PendingRead>()
let lastReadId = 0

/** Asks the parent to read something through the reader of one of its calls. */
function ask(callId: number, ask: ReadAsk, signal: AbortSignal | null): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw signal.reason
    lastReadId += 1
    const readId = lastReadId
    const settle = (act: () => void) => {
      pending.delete(readId)
      signal?.removeEventListener("abort", stop)
      act()
    }
    const stop = () => settle(() => reject(signal?.reason as Error))
    signal?.addEventListener("abort", stop, { once: true })
    pending.set(readId, {
      resolve: (answer) => settle(() => resolve(answer)),
      reject: (error) => settle(() => reject(error)),
    })
    send({ kind: "read", callId, readId, ask })
  })
}

/** Hands a reply of the parent to whoever waits for it; a reader that stopped waiting is not told. */
export function settleRead(reply: ReadReply): void {
  const read = pending.get(reply.readId)
  if (reply.kind === "readReply") read?.resolve(reply.answer)
  else read?.reject(new Error(reply.message))
}

/** Reads an XCom value of the run; undefined when there is none. */
export async function readXCom(
  callId: number,
  options: { taskId: string; key?: string; mapIndex?: number },
  signal: AbortSignal | null,
): Promise<unknown> {
  const text = (await ask(callId, { of: "xcom", ...options }, signal)) as string | null
  return text === null ? undefined : decode(text)
}

/** Reads a variable; undefined when there is none. */
export async function readVariable(
  callId: number,
  key: string,
  signal: AbortSignal | null,
): Promise<string | undefined> {
  checkName("variable", key)
  return ((await ask(callId, { of: "variable", key }, signal)) as string | null) ?? undefined
}

/** Reads a connection; undefined when there is none. */
export async function readConnection(
  callId: number,
  id: string,
  signal: AbortSignal | null,
): Promise<Connection | undefined> {
  checkName("connection", id)
  return ((await ask(callId, { of: "connection", id }, signal)) as Connection | null) ?? undefined
}

function checkName(what: string, name: unknown): asserts name is string {
  if (typeof name !== "string" || name === "")
    throw new TypeError(`${what}: ${JSON.stringify(name) ?? typeof name} came; expected a name`)
}

/** How many events are asked for at once. */
const eventsPerRead = 100

/** Reads the events of assets that the run was made for, a page at a time. */
export async function* readAssetEvents(
  callId: number,
  signal: AbortSignal | null,
): AsyncGenerator<AssetEvent> {
  for (let skip = 0; ; skip += eventsPerRead) {
    const asked = { of: "asset_events", skip, limit: eventsPerRead } as const
    const events = (await ask(callId, asked, signal)) as readonly ReadAssetEvent[]
    for (const event of events) yield { ...event, at: new Date(event.at) }
    if (events.length < eventsPerRead) return
  }
}

/** Makes the reader of a stream that is pulled for one call; `currentCall` names the call whose turn it is. */
export function createReader(currentCall: () => number): StreamReader {
  return {
    readStream: ({ signal, ...options }) => readSlice(currentCall(), options, signal),
    readXCom: ({ taskId, signal }) => readXCom(currentCall(), { taskId }, signal),
  }
}

async function readSlice(
  callId: number,
  options: { taskId: string; fromIndex: number; ahead?: readonly IndexRange[]; limit: number },
  signal: AbortSignal,
): Promise<StreamSlice> {
  const slice = (await ask(callId, { of: "stream", ...options }, signal)) as EncodedSlice
  const items = slice.items.map((item, place) => decodeItem(item, options.fromIndex + place))
  const { nextIndex, exhausted, ahead } = slice
  return ahead === undefined ? { items, nextIndex, exhausted } : { items, nextIndex, exhausted, ahead }
}

function decodeItem(item: EncodedSlice["items"][number], index: number): unknown {
  return typeof item === "string" ? decode(item) : new Gap(item.gap, index)
}
