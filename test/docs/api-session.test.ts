import { execFile, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { testDatabase } from "@sluice/postgres/testing"
import { expect, it, onTestFinished } from "vitest"
import { Sluice } from "../harness/sluice.ts"
import type { World } from "../harness/world.ts"
import { textOf } from "../tidy/source-files.ts"

const run = promisify(execFile)

/** The session that the README shows. */
function sessionText(): string {
  const [, section = ""] = textOf("README.md").split("\n## The API\n")
  return /^```sh\n([^]*?)^```$/m.exec(section)?.[1] ?? ""
}

/** The DAG that `sluice init` makes, in a folder of its own. */
async function setup() {
  const database = await testDatabase()
  const folder = mkdtempSync(join(tmpdir(), "sluice-session-"))
  onTestFinished(async () => {
    rmSync(folder, { recursive: true, force: true })
    await database.drop()
  })
  const world = { folder, url: database.url } as World
  const init = new Sluice(world, ["init", "project", "--no-install"])
  expect([await init.ended, init.stderr]).toEqual([0, ""])
  const project = { folder: join(folder, "project"), url: database.url } as World
  const dev = new Sluice(project, ["dev", "--port", "0"])
  await dev.until("hello (new version)")
  const [, password = ""] = /shown only now\) (\S+)/.exec(dev.stdout) ?? []
  const [, url = ""] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(dev.stdout) ?? []
  return { dev, password, url }
}

/** What the session is pasted into: a machine without it has nothing to paste it into. */
const hasTools = ["bash", "curl", "jq"].every((tool) => spawnSync(tool, ["--version"]).status === 0)

it.skipIf(!hasTools)(
  "the README's session with the API works as it is pasted, but for the address and the password",
  async () => {
    const { dev, password, url } = await setup()
    const pasted = sessionText()
      .replace("http://127.0.0.1:8080", url)
      .replace("paste-the-one-that-sluice-dev-printed", password)
    expect(pasted).toContain(password)
    const { stdout, stderr } = await run("bash", ["-e", "-o", "pipefail", "-c", pasted])
    expect(stderr).toBe("")
    const lines = stdout.split("\n")
    expect(lines[0]).toBe("hello")
    // Odd numbers from 0 to 50, squared.
    expect(lines.filter((line) => line.startsWith('["result"'))).toHaveLength(25)
    expect(lines).toContain('["result",24,2401]')
    expect(lines).toEqual(expect.arrayContaining(["49", "81"]))
    expect(stdout).toContain('{"state":"success","results":{"report":{"sum":20825}}}')
    expect(lines).toEqual(expect.arrayContaining(["event: run", "event: expansion", "event: end"]))
    expect(stdout).toMatch(/"selected": 5,/)
    dev.child.kill("SIGTERM")
    expect(await dev.ended).toBe(0)
  },
)
