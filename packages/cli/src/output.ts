import { stripVTControlCharacters, styleText } from "node:util"

type Style = Parameters<typeof styleText>[0]

/** Where a command writes. */
export interface Output {
  readonly isTerminal: boolean
  /** Characters in a line of the terminal. */
  readonly columns: number
  /** True once whoever read it has gone: nothing more can be said. */
  readonly isClosed: boolean
  /** Writes, and waits while the reader is slow. */
  write(text: string): Promise<void>
  line(text: string): Promise<void>
  /** Colours a text where colours are wanted. */
  readonly style: (style: Style, text: string) => string
}

/** Wraps a stream of the process. A reader that went away (`| head`) ends nothing, and is no error. */
export function makeOutput(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Output {
  let isClosed = false
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error
    isClosed = true
  })
  const isTerminal = stream.isTTY && env["TERM"] !== "dumb"
  const isColoured = wantsColour(stream, env)
  const write = async (text: string): Promise<void> => {
    if (isClosed || stream.write(text)) return
    await drained(stream)
  }
  return {
    isTerminal,
    get columns() {
      return stream.columns ?? 80
    },
    get isClosed() {
      return isClosed
    },
    write,
    line: (text) => write(`${text}\n`),
    style: (style, text) => (isColoured ? styleText(style, text, { validateStream: false }) : text),
  }
}

function wantsColour(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false
  if (env["FORCE_COLOR"] !== undefined) return env["FORCE_COLOR"] !== "0"
  return stream.isTTY && env["TERM"] !== "dumb"
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done)
      stream.off("error", done)
      stream.off("close", done)
      resolve()
    }
    stream.on("drain", done)
    stream.on("error", done)
    stream.on("close", done)
  })
}

/** How many columns a text takes, colours not counted. */
export function widthOf(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length
}
