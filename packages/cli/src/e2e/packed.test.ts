import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it, onTestFinished } from "vitest"
import { ownSource } from "../commands/own-source.ts"
import { packSluice } from "../packaging/pack.ts"
import { makeProject } from "./project.test.fixture.ts"

const run = promisify(execFile)
const workspace = fileURLToPath(new URL("../../../../node_modules", import.meta.url))

/** A folder with what the tarball holds, and with what others publish that it asks for: nothing of this workspace. */
async function setup() {
  const project = makeProject({}, "", "node_modules/sluice/bin/sluice.js")
  const packs = mkdtempSync(join(tmpdir(), "sluice-packed-"))
  onTestFinished(() => {
    project.remove()
    rmSync(packs, { recursive: true, force: true })
  })
  const tarball = await packSluice(packs)
  const modules = join(project.dir, "node_modules")
  const own = join(modules, "sluice")
  mkdirSync(own, { recursive: true })
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", own])
  const { dependencies } = JSON.parse(readFileSync(join(own, "package.json"), "utf8")) as {
    dependencies: Record<string, string>
  }
  const published = Object.keys(dependencies).filter((name) => !name.startsWith("@sluice/"))
  for (const name of [...published, "@types/node"]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(workspace, name), join(modules, name))
  }
  return { ...project, own, lock: join(modules, ".package-lock.json") }
}

it("is all there in its tarball: a new project type-checks, runs, and sees an edit as a new version", async () => {
  const { dir, start, sluice, own, lock } = await setup()
  // As npm notes where it came from.
  const resolved = `file:${join("..", "elsewhere", "sluice.tgz")}`
  writeFileSync(lock, JSON.stringify({ packages: { "node_modules/sluice": { resolved } } }))
  expect(ownSource(own)).toBe(`file:${join(dirname(dir), "elsewhere", "sluice.tgz")}`)
  const made = await sluice("init", "my-flows", "--no-install")
  expect([made.code, made.stderr]).toEqual([0, ""])
  await run(join(workspace, ".bin", "tsc"), [], { cwd: join(dir, "my-flows") })

  const dev = start(["dev", "--port", "0"], {}, "my-flows")
  await dev.until("hello.ts: hello (new version)")
  const inside = async (...words: string[]) => {
    const { code, stdout, stderr } = await start(words, {}, "my-flows").ended
    expect([code, stderr]).toEqual([0, ""])
    return stdout
  }
  await inside("dags", "trigger", "hello", "--run-id", "first")
  await inside("logs", "first", "--follow")
  expect(JSON.parse(await inside("xcom", "get", "first", "report"))).toEqual({ sum: 20_825 })

  const file = join(dir, "my-flows", "dags", "hello.ts")
  const text = readFileSync(file, "utf8")
  const editedAt = performance.now()
  writeFileSync(file, text.replace("n * n", "n * n * 2"))
  await dev.until("hello.ts: hello (new version)", 2)
  const seenMs = Math.round(performance.now() - editedAt)
  console.log(`an edited DAG was a new version after ${seenMs} ms`)
  await inside("dags", "trigger", "hello", "--run-id", "second")
  await inside("logs", "second", "--follow")
  expect(JSON.parse(await inside("xcom", "get", "second", "report"))).toEqual({ sum: 41_650 })
  dev.child.kill("SIGTERM")
  expect((await dev.ended).code).toBe(0)
}, 240_000)
