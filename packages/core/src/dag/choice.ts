import type { Gate } from "../state/gate.ts"
import { describeValue } from "../stream/describe-value.ts"
import { FailWithoutRetry } from "./task-outcome-error.ts"

/** The most ids that a message lists. */
const listedMax = 20

/** Gives back what a gate's task returned, and fails its instance for good where nothing can be done with it. */
export function checkChoice(gate: Gate, value: unknown, taskId: string): unknown {
  if (gate.kind === "setup") return value
  const problem = gate.kind === "branch" ? problemOfWays(gate.ways, value) : problemOfCondition(value)
  if (problem === null) return value
  throw new FailWithoutRetry(`${gate.kind === "branch" ? "branch" : "shortCircuit"} "${taskId}" ${problem}`)
}

function problemOfWays(ways: readonly { readonly id: string }[], value: unknown): string | null {
  if (value === null) return null
  const known = new Set(ways.map(({ id }) => id))
  const wrong = [value].flat().find((id) => typeof id !== "string" || !known.has(id))
  if (wrong === undefined && value !== undefined) return null
  const listed = [...known].slice(0, listedMax).join(", ")
  const more = known.size > listedMax ? `, and ${known.size - listedMax} more` : ""
  const expected = known.size === 0 ? "nothing follows it directly" : `expected of ${listed}${more}`
  const returned = typeof wrong === "string" ? `"${wrong}"` : describeValue(wrong)
  return `returned ${returned}, which is no task that directly follows it; ${expected}, or null for none.`
}

function problemOfCondition(value: unknown): string | null {
  if (typeof value === "boolean") return null
  return `returned ${describeValue(value)}; expected true to go on, or false to skip what follows.`
}
