import type { ChildProcess } from "node:child_process"
import type { LogEntry } from "../port.ts"

/** Characters kept of the end of standard error, where a dying process says why. */
const stderrTailMax = 8 * 1024

/** Lines kept until the next batch takes them. */
const linesMax = 200

/**
 * What a host writes to its standard streams from outside JavaScript: native code, programs it starts, the last words
 * of the engine. It is read so that the pipe never fills.
 */
export class RawOutput {
  readonly #child: ChildProcess
  #lines: LogEntry[] = []
  stderrTail = ""

  constructor(child: ChildProcess) {
    this.#child = child
    child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#keep(text, "info"))
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderrTail = (this.stderrTail + text).slice(-stderrTailMax)
      this.#keep(text, "warning")
    })
  }

  takeLogs(): LogEntry[] {
    const taken = this.#lines
    if (taken.length > 0) this.#lines = []
    return taken
  }

  /** Waits until an ended process's streams and channel are read to their end, or `ms` have passed. */
  drained(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#child.once("close", () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #keep(text: string, level: LogEntry["level"]): void {
    for (const message of text.split("\n")) {
      if (message === "" || this.#lines.length > linesMax) continue
      const isLast = this.#lines.length === linesMax
      this.#lines.push({
        mapIndex: null,
        tryNumber: 0,
        at: Date.now(),
        level,
        message: isLast ? "… further lines dropped" : message,
        fields: null,
      })
    }
  }
}
