import { dirname, join, normalize } from "node:path"
import { expect, it } from "vitest"
import { filesBelow, textOf } from "./source-files.ts"

/** Each package, and the packages of ours that its shipped code may import. */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  host: ["core"],
  dags: ["core", "host"],
  postgres: ["core"],
  api: ["core"],
  ui: ["api", "client"],
  telemetry: ["core"],
  cli: ["core", "host", "dags", "postgres", "api", "ui", "telemetry"],
  client: [],
  demo: ["cli"],
}

/** The folders of core, each with those below it that it may import. */
const coreLayers: Record<string, readonly string[]> = {
  state: [],
  stream: [],
  time: [],
  secrets: [],
  dag: ["state", "stream", "time"],
  host: ["dag"],
  store: ["state", "dag", "time", "host"],
  vault: ["dag", "secrets", "host", "store"],
  expansion: ["state", "dag", "host", "store"],
  engine: ["state", "dag", "time", "host", "store", "vault", "expansion"],
}

const names: Record<string, string> = { sluice: "cli" }
const isShipped = (path: string) => !path.includes(".test.") && !path.includes("/testing")

function importsOf(path: string): string[] {
  return [...textOf(path).matchAll(/(?:from|import) "([^"]+)"/g)].map((match) => match[1]!)
}

it("imports between packages follow the layout", () => {
  const wrong = Object.entries(mayImport).flatMap(([name, allowed]) =>
    [".ts", ".tsx"]
      .flatMap((ending) => filesBelow(`packages/${name}/src`, ending))
      .filter(isShipped)
      .flatMap((path) =>
        importsOf(path)
          .map((specifier) =>
            /^(?:@sluice\/(\w+)|(sluice))(?:\/|$)/
              .exec(specifier)
              ?.slice(1)
              .find((name) => name !== undefined),
          )
          .filter((target) => target !== undefined)
          .map((target) => names[target] ?? target)
          .filter((target) => target !== name && !allowed.includes(target))
          .map((target) => `${path} imports ${target}`),
      ),
  )
  expect(wrong).toEqual([])
})

it("imports inside core point downwards", () => {
  const wrong = Object.entries(coreLayers).flatMap(([layer, allowed]) =>
    filesBelow(`packages/core/src/${layer}`, ".ts")
      .filter(isShipped)
      .flatMap((path) =>
        importsOf(path)
          .filter((specifier) => specifier.startsWith("."))
          .map((specifier) => normalize(join(dirname(path), specifier)).split("/")[3] ?? "")
          .filter((target) => target !== layer && target in coreLayers && !allowed.includes(target))
          .map((target) => `${path} imports ${target}`),
      ),
  )
  expect(wrong).toEqual([])
})

it("shipped code imports nothing that is for tests", () => {
  const wrong = filesBelow("packages", ".ts")
    .filter(isShipped)
    .filter((path) => importsOf(path).some((specifier) => specifier.includes("/testing")))
  expect(wrong).toEqual([])
})
