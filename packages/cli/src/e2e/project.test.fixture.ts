import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const sluiceBin = fileURLToPath(new URL("../../bin/sluice.js", import.meta.url))

/** How a command ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess
  /** What has come on its standard output so far. */
  stdout(): string
  /** Waits until its standard output holds the text, so many times. */
  until(text: string, times?: number): Promise<void>
  readonly ended: Promise<Ended>
}

/** A folder with DAG files, and commands in it. */
export interface Project {
  readonly dir: string
  /** Starts a command, in a folder of the project. */
  readonly start: (args: readonly string[], env?: Record<string, string>, folder?: string) => Running
  readonly sluice: (...args: string[]) => Promise<Ended>
  remove(): void
}

/** Makes a project. `databaseUrl: ""` leaves it to its embedded Postgres. */
export function makeProject(
  files: Readonly<Record<string, string>>,
  databaseUrl: string,
  bin = sluiceBin,
): Project {
  const dir = mkdtempSync(join(tmpdir(), "sluice-cli-"))
  // The embedded server's user must reach it.
  chmodSync(dir, 0o755)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  const children = new Set<ChildProcess>()
  const start: Project["start"] = (args, env = {}, folder = ".") => {
    const child = spawn(process.execPath, [resolve(dir, bin), ...args], {
      cwd: join(dir, folder),
      env: { ...process.env, DATABASE_URL: databaseUrl, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    })
    children.add(child)
    child.once("exit", () => children.delete(child))
    return running(child)
  }
  return {
    dir,
    start,
    sluice: (...args) => start(args).ended,
    remove: () => {
      // What a test that failed has left running.
      for (const child of children) child.kill("SIGKILL")
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function running(child: ChildProcess): Running {
  let stdout = ""
  let stderr = ""
  let isOver = false
  const waiting = new Set<() => void>()
  const tell = () => waiting.forEach((check) => check())
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
    tell()
  })
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => {
      isOver = true
      tell()
      resolve({ code, stdout, stderr })
    })
  })
  const until = (text: string, times = 1) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if (stdout.split(text).length > times) resolve()
        else if (isOver) reject(new Error(`it ended without "${text}":\n${stdout}${stderr}`))
        else return
        waiting.delete(check)
      }
      waiting.add(check)
      check()
    })
  return { child, stdout: () => stdout, until, ended }
}
