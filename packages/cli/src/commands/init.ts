import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import { defineCommand } from "../command.ts"
import { exitCodes, UsageProblem } from "../problem.ts"
import { projectFiles } from "./init-template.ts"

/** What npm takes for the name of a package. */
const packageName = /^[a-z0-9][a-z0-9._-]{0,213}$/

/** `sluice init`: makes a project with a DAG in it. */
export const init = defineCommand({
  path: "init",
  arguments: [{ name: "[folder]", description: "the project's folder (default: this one)" }],
  summary: "make a new project with a first DAG",
  details:
    "Writes package.json, tsconfig.json, .gitignore, README.md and dags/hello.ts. Files that are there are refused, not changed.",
  options: [],
  examples: ["sluice init my-flows", "sluice init"],
  async run({ cwd, out }, _options, [folder = "."]) {
    const root = resolve(cwd, folder)
    const files = projectFiles({ name: nameOf(root), version: ownVersion() })
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
    const steps = [
      ...(root === cwd ? [] : [`cd ${relative(cwd, root)}`]),
      "npm install",
      "npx sluice run dags/hello.ts",
    ]
    await out.line(`\nNow: ${steps.join(" && ")}`)
    return exitCodes.success
  },
})

function nameOf(root: string): string {
  const name = basename(root)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "")
  return packageName.test(name) ? name : "my-flows"
}

function ownVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8")
  return (JSON.parse(text) as { version: string }).version
}
