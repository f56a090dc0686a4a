import { isPlainObject } from "./input-plan.ts"
import type { Duration } from "./duration.ts"
import { type JsonObject, jsonObjectCheck } from "./json-object.ts"
import {
  checkOptions,
  durationCheck,
  oneOfCheck,
  orNullCheck,
  textCheck,
  type OptionCheck,
} from "./option-check.ts"
import type { SerializedPlanning } from "../time/timetable.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { planningChecks, planningOf, type PlanningOptions } from "./planning-options.ts"
import type { ParseMode, SerializedAsset } from "./serialized-dag.ts"
import { checkDefaultTaskOptions, type GivenTaskOptions, type TaskOptions } from "./options.ts"

/** Options of a DAG. */
export interface DagOptions extends PlanningOptions {
  readonly description?: string | null
  readonly tags?: readonly string[]
  /**
   * `"every-run"`: the file is parsed anew for each run that is made, and the run has the tasks that this parse gave; what
   * the file reads at its top level goes through `captured`. Default `"on-change"`: when the file or what it imports changes.
   */
  readonly parse?: ParseMode
  /** How long a run may take, from when it is made; then it fails, and what runs is aborted. Default null: for ever. */
  readonly runTimeout?: Duration | null
  /** The parameters of a run with their defaults; `ctx.params` has them. */
  readonly params?: JsonObject
  /** A JSON Schema that says which parameters a run may be started with. */
  readonly paramsSchema?: JsonObject | null
  /** What counts for each task that does not say otherwise. */
  readonly defaultTaskOptions?: Omit<TaskOptions, "outlets">
}

/** The options of a DAG, checked and complete. */
export interface DagSettings {
  /** The schedule as people read it. */
  readonly schedule: string | null
  readonly planning: SerializedPlanning
  /** The assets that the schedule waits for. */
  readonly awaited: readonly SerializedAsset[]
  readonly description: string | null
  readonly tags: readonly string[]
  readonly parse: ParseMode
  readonly runTimeoutMs: number | null
  readonly params: JsonObject
  readonly paramsSchema: JsonObject | null
}

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

const dagChecks = {
  ...planningChecks,
  description: orNullCheck(textCheck(descriptionLengthMax)),
  tags: tagsCheck,
  parse: oneOfCheck<ParseMode>(["on-change", "every-run"]),
  runTimeout: orNullCheck(durationCheck(1)),
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
    ...planningOf(checked, dagId),
    description: checked.description ?? null,
    tags: checked.tags ?? [],
    parse: checked.parse ?? "on-change",
    runTimeoutMs: checked.runTimeout ?? null,
    params: checked.params ?? {},
    paramsSchema: checked.paramsSchema ?? null,
  }
  refuseParamsNobodyGives(settings, dagId)
  return { settings, defaults: checkDefaultTaskOptions(checked.defaultTaskOptions, { dagId }) }
}

/** Nobody gives params to a run that the schedule makes: what its schema requires needs a default. */
function refuseParamsNobodyGives(settings: DagSettings, dagId: string): void {
  const { planning, params, paramsSchema } = settings
  const required = paramsSchema?.["required"]
  const isByHand = planning.timetable.kind === "none" && planning.assets === null
  if (isByHand || !Array.isArray(required)) return
  const missing = required.find((name) => typeof name === "string" && !hasDefault(name, settings))
  if (missing === undefined) return
  const given = Object.keys(params).join(", ") || "none"
  throw new DagDefinitionError({
    dagId,
    problem: `it has a schedule, and requires the param "${String(missing)}" without a default (defaults: ${given})`,
    fix: `give it one: params: { ${String(missing)}: ... }`,
  })
}

function hasDefault(name: string, { params, paramsSchema }: DagSettings): boolean {
  if (Object.hasOwn(params, name)) return true
  const properties = paramsSchema?.["properties"]
  const property = isPlainObject(properties) ? properties[name] : undefined
  return isPlainObject(property) && Object.hasOwn(property, "default")
}
