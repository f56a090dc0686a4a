/** Waits for its abort signal, and notes when it began and when it heard: one byte in a file, and one line in another. */
import { appendFileSync } from "node:fs"
import { join } from "node:path"
import type { TaskContext } from "sluice"

/** Files in the folder that the run names. */
export const begunFile = "begun"
export const toldFile = "told"

/** Ends when the instance is told to stop. */
export function untilTold(ctx: TaskContext): Promise<never> {
  const { folder } = ctx.params as { folder: string }
  appendFileSync(join(folder, begunFile), ".")
  return new Promise((_resolve, reject) => {
    ctx.signal.addEventListener("abort", () => {
      appendFileSync(join(folder, toldFile), `${Date.now()}\n`)
      reject(ctx.signal.reason as Error)
    })
  })
}
