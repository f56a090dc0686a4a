import type { Json } from "../json.ts"
import { jsonProblem } from "../stream/json-value.ts"
import { isPlainObject } from "./input-plan.ts"
import { checkOptions, orNullCheck, textCheck, type OptionCheck } from "./option-check.ts"
import { checkDefaultTaskOptions, type GivenTaskOptions, type TaskOptions } from "./options.ts"

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json }

/** Options of a DAG. */
export interface DagOptions {
  /** When runs are made; null, the default: only when asked for. */
  readonly schedule?: string | null
  readonly description?: string | null
  readonly tags?: readonly string[]
  /** The parameters of a run with their defaults; `ctx.params` has them. */
  readonly params?: JsonObject
  /** A JSON Schema that says which parameters a run may be started with. */
  readonly paramsSchema?: JsonObject | null
  /** What counts for each task that does not say otherwise. */
  readonly defaultTaskOptions?: TaskOptions
}

/** The options of a DAG, checked and complete. */
export interface DagSettings {
  readonly schedule: string | null
  readonly description: string | null
  readonly tags: readonly string[]
  readonly params: JsonObject
  readonly paramsSchema: JsonObject | null
}

const scheduleLengthMax = 1_000
const descriptionLengthMax = 10_000
const tagLengthMax = 100
const tagsMax = 100

const tagsCheck: OptionCheck<readonly string[]> = {
  expected: `up to ${tagsMax} texts of 1 to ${tagLengthMax} characters`,
  read: (value) => {
    const isTag = (tag: unknown) => textCheck(tagLengthMax).read(tag) !== undefined
    const areTags = Array.isArray(value) && value.length <= tagsMax && value.every(isTag)
    return areTags ? [...new Set(value as readonly string[])] : undefined
  },
}

const jsonObjectCheck: OptionCheck<JsonObject> = {
  expected: "an object of JSON values",
  read: (value) =>
    isPlainObject(value) && jsonProblem(value, "") === null ? (value as JsonObject) : undefined,
}

const dagChecks = {
  schedule: orNullCheck(textCheck(scheduleLengthMax)),
  description: orNullCheck(textCheck(descriptionLengthMax)),
  tags: tagsCheck,
  params: jsonObjectCheck,
  paramsSchema: orNullCheck(jsonObjectCheck),
  defaultTaskOptions: {
    expected: "an object of task options",
    read: (value) => value,
  } as OptionCheck<unknown>,
}

/** Checks the options of `dag()`. */
export function checkDagOptions(
  given: unknown,
  dagId: string,
): { readonly settings: DagSettings; readonly defaults: GivenTaskOptions } {
  const checked = checkOptions(given, dagChecks, { dagId, call: "dag()" })
  const settings = {
    schedule: checked.schedule ?? null,
    description: checked.description ?? null,
    tags: checked.tags ?? [],
    params: checked.params ?? {},
    paramsSchema: checked.paramsSchema ?? null,
  }
  return { settings, defaults: checkDefaultTaskOptions(checked.defaultTaskOptions, dagId) }
}
