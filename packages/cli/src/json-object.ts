import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import type { Json } from "@sluice/core"
import type { CliContext } from "./context.ts"
import { UsageProblem } from "./problem.ts"

/** Reads the JSON object that an option gives, itself or as `@file.json`; an empty one where it was not given. */
export function readJsonObject(
  context: Pick<CliContext, "cwd">,
  flag: string,
  text: string | undefined,
): { readonly [key: string]: Json } {
  if (text === undefined) return {}
  const json = text.startsWith("@") ? readFile(flag, resolve(context.cwd, text.slice(1))) : text
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw new UsageProblem(`${flag} is not JSON: ${(error as Error).message}`, {
      expected: `an object such as '{"since": "2026-01-01"}', or @file.json`,
    })
  }
  if (isObject(value)) return value
  throw new UsageProblem(`${flag} is ${Array.isArray(value) ? "a list" : JSON.stringify(value)}`, {
    expected: "a JSON object",
  })
}

function isObject(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function readFile(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    throw new UsageProblem(`${flag}: the file ${path} cannot be read`, { expected: "a JSON file after @" })
  }
}
