import { execFile } from "node:child_process"
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it, onTestFinished } from "vitest"

const bin = fileURLToPath(new URL("../../bin", import.meta.url))

/** Makes this process say that it is an old Node. */
const asOldNode = `data:text/javascript,Object.defineProperty(process.versions, "node", { value: "20.20.2" })`

/** Starts a program that is outside any project, on a Node that calls itself old, with an npm that does this. */
function launchOnOldNode(npm: string, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-launch-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(bin, join(folder, "bin"), { recursive: true })
  mkdirSync(join(folder, "dist"))
  writeFileSync(join(folder, "package.json"), `{"type": "module"}`)
  writeFileSync(join(folder, "dist", "main.js"), `console.log(process.argv.slice(2)); process.exitCode = 3`)
  writeFileSync(join(folder, "npm"), `#!/bin/sh\n${npm}\n`)
  chmodSync(join(folder, "npm"), 0o755)
  const words = ["--import", asOldNode, join(folder, "bin", "sluice.js"), "init", "two words"]
  const settings = {
    cwd: folder,
    env: { ...process.env, ...env, PATH: [folder, process.env["PATH"]].join(delimiter) },
  }
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((done) => {
    execFile(process.execPath, words, settings, (error, stdout, stderr) =>
      done({ code: error?.code ?? 0, stdout, stderr }),
    )
  })
}

describe.runIf(process.platform === "linux")("on a Node that is too old, outside a project, sluice", () => {
  it("goes on with the Node that npm gives, with the same words, and ends as that does", async () => {
    const { code, stdout, stderr } = await launchOnOldNode(`echo "${process.execPath}"`)
    expect(stdout).toBe("[ 'init', 'two words' ]\n")
    expect(stderr).toMatch(
      /^sluice: this is Node 20\.20\.2: going on with node-linux-\w+@24\.21\.0 from npm\n$/,
    )
    expect(code).toBe(3)
  })

  it.each([
    ["npm cannot get one", "exit 1", {}],
    ["npm gives none", "echo /nowhere", {}],
    ["what it went on with is as old", `echo "${process.execPath}"`, { SLUICE_RESTARTED: "1" }],
  ])("says what to do where %s", async (_, npm, env) => {
    const { code, stdout, stderr } = await launchOnOldNode(npm, env)
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toContain("this is Node 20.20.2, expected 22.19 or newer. Fix: install Node 24")
  })
})
