import { spawn } from "node:child_process"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import { defineCommand } from "../command.ts"
import { exitCodes, UsageProblem } from "../problem.ts"
import { projectFiles } from "./init-template.ts"
import { ownSource } from "./own-source.ts"

/** What npm takes for the name of a package. */
const packageName = /^[a-z0-9][a-z0-9._-]{0,213}$/

/** `sluice init`: makes a project with a DAG in it. */
export const init = defineCommand<{ readonly install: boolean }>({
  path: "init",
  arguments: [{ name: "[folder]", description: "the project's folder (default: this one)" }],
  summary: "make a new project with a first DAG",
  details:
    "Writes package.json, tsconfig.json, .gitignore, README.md and dags/hello.ts. Files that are there are refused, not changed. Then `npm install` gets what it needs.",
  options: [{ flags: "--no-install", description: "leave `npm install` to you" }],
  examples: ["sluice init my-flows", "sluice init"],
  async run({ cwd, out, err }, { install }, [folder = "."]) {
    const root = resolve(cwd, folder)
    const files = projectFiles({ name: nameOf(root), source: ownSource() })
    const there = Object.keys(files).filter((path) => existsSync(join(root, path)))
    if (there.length > 0)
      throw new UsageProblem(`${folder} has ${there.join(", ")} already`, {
        expected: "a folder without them",
        fix: "name another folder",
      })
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
      await out.line(join(relative(cwd, root), path))
    }
    const isInstalled = install && (await npmInstall(root))
    const steps = [
      ...(root === cwd ? [] : [`cd ${relative(cwd, root)}`]),
      ...(isInstalled ? [] : ["npm install"]),
      "npx sluice dev",
    ]
    await out.line(`\nNow: ${steps.join(" && ")}`)
    if (isInstalled || !install) return exitCodes.success
    await err.line("sluice: npm install failed; the project is there. Fix: run it again in its folder")
    return exitCodes.failed
  },
})

function nameOf(root: string): string {
  const name = basename(root)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "")
  return packageName.test(name) ? name : "my-flows"
}

/** Gets what the project needs; says whether that went well. npm's own words say why not. */
function npmInstall(root: string): Promise<boolean> {
  return new Promise((done) => {
    const words = ["install", "--no-audit", "--no-fund", "--loglevel=error"]
    // Its words go to stderr: stdout is for what this command says.
    const child = spawn("npm", words, {
      cwd: root,
      stdio: ["ignore", 2, 2],
      shell: process.platform === "win32",
    })
    child.once("error", () => done(false))
    child.once("exit", (code) => done(code === 0))
  })
}
