/** Nothing came for so long that the connection counts as lost. */
export class Silence extends Error {
  override readonly name = "Silence"
}

/** Reads a body as text, as it comes; closes it when the reader leaves. */
export async function* textOf(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await within(silenceMs, reader.read())
      if (done) return
      yield decoder.decode(value, { stream: true })
    }
  } finally {
    // A connection that was lost cannot be cancelled, and need not be.
    reader.cancel().catch(() => {})
  }
}

/** Cuts text into lines. What comes after the last line end is no line: it was cut off. */
export async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  // A long line is put together once, and not with each part of it that comes.
  let begun: string[] = []
  for await (const text of texts) {
    const [head = "", ...rest] = text.split("\n")
    begun.push(head)
    if (rest.length === 0) continue
    const lines = [begun.join(""), ...rest.slice(0, -1)]
    begun = [rest.at(-1) ?? ""]
    for (const line of lines) if (line !== "") yield line
  }
}

async function within<A>(ms: number, promise: Promise<A>): Promise<A> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Silence(`nothing came for ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
