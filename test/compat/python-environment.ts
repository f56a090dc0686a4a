import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll } from "vitest"

/** Runs a program to its end; rejects where it fails. */
export const run = promisify(execFile)

const installDeadlineMs = 180_000

/** A throw-away virtual environment of Python. */
export interface PythonEnvironment {
  readonly folder: string
  /** Where one of its programs is. */
  readonly program: (name: string) => string
}

/**
 * Makes a virtual environment with a package in it, gone when the tests of the file have ended. Null, and it is said why,
 * where there is no Python, or no package index to install from.
 */
export async function makePythonEnvironment(wanted: string): Promise<PythonEnvironment | null> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-compat-"))
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const program = (name: string) => join(folder, "bin", name)
  try {
    await run("python3", ["-m", "venv", folder], { timeout: installDeadlineMs })
  } catch {
    process.stdout.write("skipped: there is no python3 that makes virtual environments here\n")
    return null
  }
  try {
    await run(program("python"), ["-m", "pip", "install", "--quiet", wanted], { timeout: installDeadlineMs })
  } catch {
    process.stdout.write(`skipped: ${wanted} cannot be installed: no package index answers\n`)
    return null
  }
  return { folder, program }
}
