import { inspect } from "node:util"
import type { TaskError } from "../port.ts"
import { causesMax, messageCharsMax, stackCharsMax } from "./bounds.ts"
import { authorsStack } from "./stack.ts"

/** Says what is kept of a thrown value: its type, its message, and the author's part of its stack, causes appended. */
export function describeThrown(thrown: unknown): TaskError {
  try {
    return describe(thrown)
  } catch {
    // A thrown proxy or a getter that throws: there is nothing safe to read.
    return { type: "Error", message: "threw something that cannot be looked at", stack: null }
  }
}

function describe(thrown: unknown): TaskError {
  if (!isError(thrown)) {
    return {
      type: "NonError",
      message: clip(`threw ${what(thrown)}: ${show(thrown)}`, messageCharsMax),
      stack: null,
    }
  }
  const stack = [authorsStack(thrown.stack ?? ""), ...causes(thrown)].filter((part) => part !== "").join("\n")
  return {
    type: typeName(thrown),
    message: clip(thrown.message, messageCharsMax),
    stack: stack === "" ? null : clip(stack, stackCharsMax),
  }
}

function causes(error: Error): string[] {
  const told: string[] = []
  for (let next = inner(error); next.length > 0 && told.length < causesMax; next = next.flatMap(inner)) {
    for (const cause of next.slice(0, causesMax - told.length)) {
      told.push(isError(cause) ? `Caused by: ${headed(cause)}` : `Caused by: ${show(cause)}`)
    }
  }
  return told
}

/** What an error was made from: its cause, and for an `AggregateError` the errors it gathers. */
function inner(error: unknown): unknown[] {
  if (!isError(error)) return []
  const gathered: unknown = Reflect.get(error, "errors")
  return [...(error.cause === undefined ? [] : [error.cause]), ...(Array.isArray(gathered) ? gathered : [])]
}

function headed(error: Error): string {
  const frames = authorsStack(error.stack ?? "")
  return frames === "" ? `${typeName(error)}: ${error.message}` : frames
}

function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]"
}

function typeName(error: Error): string {
  const name = error.name === "Error" ? error.constructor.name : error.name
  return typeof name === "string" && name !== "" ? clip(name, 200) : "Error"
}

function what(value: unknown): string {
  if (value === null || value === undefined) return "nothing"
  const type = typeof value
  return type === "object" ? "an object" : `a ${type}`
}

function show(value: unknown): string {
  return typeof value === "string" ? value : inspect(value, { depth: 3, breakLength: 100 })
}

/** Cuts a text and says so. */
export function clip(text: string, charsMax: number): string {
  return text.length <= charsMax
    ? text
    : `${text.slice(0, charsMax)}… (${text.length - charsMax} more characters)`
}
