// What a DAG file reads at its top level: kept where it is parsed, given back where its tasks run.

import { answerCaptured, type Capturer, type ReadForParse } from "@sluice/core/dag"
import { capturedBytesMax, capturedValuesMax } from "@sluice/core/host"
import { decode, encode } from "../codec/index.ts"
import type { CapturedValues } from "../port.ts"

/** A call of `captured` that cannot be answered as it should be. */
class CaptureError extends Error {
  override readonly name = "CaptureError"
}

/** Refuses all calls of `captured` until a bundle is evaluated: tasks have no top level. Call once. */
export function refuseToCapture(): void {
  answerCaptured((name) => {
    throw new CaptureError(
      `captured("${name}") was called after its file was parsed. Fix: await it at the top level of the file, and use its value in the task`,
    )
  })
}

/** Keeps what a file reads while it is parsed. */
export class Capture {
  readonly #folder: string
  readonly #values = new Map<string, string>()
  readonly #unfinished = new Set<string>()
  #bytes = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Reads a value, keeps it, and gives it as every host will be given it. */
  readonly answer: Capturer = async (name, read) => {
    this.#begin(name)
    const text = encode(await read({ folder: this.#folder }), {
      name: `captured("${name}")`,
      bytesMax: capturedBytesMax,
    })
    this.#keep(name, text)
    return decode(text)
  }

  /** Gives what was read, once the file is evaluated. */
  end(): CapturedValues {
    const [unfinished] = this.#unfinished
    if (unfinished !== undefined) {
      throw new CaptureError(
        `captured("${unfinished}") had not ended when the file was parsed. Fix: write await in front of it`,
      )
    }
    return Object.fromEntries(this.#values)
  }

  #begin(name: string): void {
    if (this.#values.has(name) || this.#unfinished.has(name))
      throw new CaptureError(`captured("${name}") is called twice in this file. Fix: give each its own name`)
    if (this.#values.size + this.#unfinished.size >= capturedValuesMax) {
      throw new CaptureError(
        `captured("${name}") is one value too many: a file may capture ${capturedValuesMax}. Fix: capture lists or objects as one`,
      )
    }
    this.#unfinished.add(name)
  }

  #keep(name: string, text: string): void {
    this.#bytes += Buffer.byteLength(text)
    if (this.#bytes > capturedBytesMax) {
      throw new CaptureError(
        `with captured("${name}") this file has captured ${this.#bytes} bytes, and at most ${capturedBytesMax} are kept. Fix: capture what decides which tasks there are, and read the rest in a task or a source`,
      )
    }
    this.#values.set(name, text)
    this.#unfinished.delete(name)
  }
}

/** Gives back what was read when the version was parsed; `read` is not called. */
export function answerFrom(values: CapturedValues): Capturer {
  return (name: string, _read: ReadForParse) => {
    const text = Object.hasOwn(values, name) ? values[name] : undefined
    if (text !== undefined) return decode(text)
    const known = Object.keys(values).join(", ") || "nothing"
    throw new CaptureError(
      `captured("${name}") was not called when this version was parsed (it captured: ${known}). Fix: call it always, and not only under a condition that differs from one process to another`,
    )
  }
}
