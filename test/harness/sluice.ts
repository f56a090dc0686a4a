import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"
import { eventually } from "./eventually.ts"
import type { World } from "./world.ts"

const bin = fileURLToPath(new URL("../../packages/cli/bin/sluice.js", import.meta.url))

/** A command of the CLI that runs on a world's database, and records into its folder. */
export class Sluice {
  stdout = ""
  stderr = ""
  readonly child: ChildProcess
  /** What it ended with: its code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  #end: number | string | undefined

  constructor(world: World, args: readonly string[]) {
    this.child = spawn(process.execPath, [bin, ...args], {
      cwd: world.folder,
      env: {
        ...process.env,
        DATABASE_URL: world.url,
        SLUICE_TASK_RECORDS: world.folder,
        NO_COLOR: "1",
      },
      stdio: ["ignore", "pipe", "pipe"],
    })
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text))
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text))
    this.ended = new Promise((resolve) => {
      this.child.on("close", (code, signal) => {
        this.#end = code ?? signal ?? "?"
        resolve(this.#end)
      })
    })
    onTestFinished(async () => {
      if (this.#end === undefined) this.child.kill("SIGKILL")
      await this.ended
    })
  }

  get hasEnded(): boolean {
    return this.#end !== undefined
  }

  /** Waits until its standard output holds the text. */
  async until(text: string): Promise<void> {
    await eventually(`it says "${text}"`, () => {
      if (this.stdout.includes(text)) return true
      if (this.hasEnded)
        throw new Error(`it ended (${this.#end}) without "${text}":\n${this.stdout}${this.stderr}`)
      return undefined
    })
  }
}
