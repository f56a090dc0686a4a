import type { Output } from "../output.ts"

const hideCursor = "\u001b[?25l"
const showCursor = "\u001b[?25h"
const clearToEnd = "\u001b[0J"

/** Lines at the bottom of a terminal that are drawn again and again, under text that scrolls. */
export class LiveScreen {
  readonly #out: Output
  readonly #restore: () => void
  #height = 0

  constructor(out: Output) {
    this.#out = out
    // Also when the process ends at once: a terminal without a cursor is a nuisance.
    this.#restore = () => process.stdout.write(showCursor)
    process.once("exit", this.#restore)
    void out.write(hideCursor)
  }

  /** Replaces what was drawn before. */
  async draw(lines: readonly string[]): Promise<void> {
    const text = lines.map((line) => `${line}\n`).join("")
    await this.#out.write(this.#home() + clearToEnd + text)
    this.#height = lines.length
  }

  /** Writes lines that stay, above what is drawn. */
  async print(lines: readonly string[]): Promise<void> {
    await this.draw(lines)
    this.#height = 0
  }

  /** Gives the terminal back. */
  async close(): Promise<void> {
    process.off("exit", this.#restore)
    await this.#out.write(showCursor)
  }

  #home(): string {
    return this.#height === 0 ? "" : `\u001b[${this.#height}A\r`
  }
}
