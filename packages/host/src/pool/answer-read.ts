import type { EncodedReader } from "../port.ts"
import type { FromHost, ReadAsk, ReadReply } from "../protocol.ts"

/** Answers what a host wants to read; an error of the reader becomes an error of the read. */
export async function answerRead(
  reader: EncodedReader,
  { readId, ask }: Extract<FromHost, { kind: "read" }>,
): Promise<ReadReply> {
  try {
    return { kind: "readReply", readId, answer: await answerOf(reader, ask) }
  } catch (error) {
    return { kind: "readFailed", readId, message: error instanceof Error ? error.message : String(error) }
  }
}

function answerOf(reader: EncodedReader, ask: ReadAsk): Promise<unknown> {
  switch (ask.of) {
    case "stream":
      return reader.readStream(ask)
    case "xcom":
      return reader.readXCom(ask)
    case "asset_events":
      return reader.readAssetEvents(ask)
    case "variable":
      return reader.readVariable?.(ask.key) ?? Promise.resolve(null)
    case "connection":
      return reader.readConnection?.(ask.id) ?? Promise.resolve(null)
  }
}
