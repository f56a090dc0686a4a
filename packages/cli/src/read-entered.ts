/** The longest value that is read from standard input. */
const enteredBytesMax = 1024 * 1024

/** Reads a value from standard input; the line break at its end is none of it. */
export async function readEntered(input: AsyncIterable<Buffer | string> = process.stdin): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of input) {
    const buffer = Buffer.from(part)
    bytes += buffer.length
    if (bytes > enteredBytesMax) throw new Error(`more than ${enteredBytesMax} bytes came on standard input`)
    parts.push(buffer)
  }
  return Buffer.concat(parts)
    .toString("utf8")
    .replace(/\r?\n$/, "")
}
