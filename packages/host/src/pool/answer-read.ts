import type { EncodedReader } from "../port.ts"
import type { FromHost, ReadReply } from "../protocol.ts"

/** Answers what a host wants to read; an error of the reader becomes an error of the read. */
export async function answerRead(
  reader: EncodedReader,
  { readId, ask }: Extract<FromHost, { kind: "read" }>,
): Promise<ReadReply> {
  try {
    const answer = ask.of === "stream" ? await reader.readStream(ask) : await reader.readXCom(ask)
    return { kind: "readReply", readId, answer }
  } catch (error) {
    return { kind: "readFailed", readId, message: error instanceof Error ? error.message : String(error) }
  }
}
