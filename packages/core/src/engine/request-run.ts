/**
 * Runs that are asked for by hand: everything is checked before anything is written.
 */
import { Ajv, type ErrorObject } from "ajv"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Effect, Schema } from "effect"
import type { DataInterval } from "../dag/task-context.ts"
import type { Json } from "../json.ts"
import type { DagRow } from "../store/dag-store.ts"
import type { DuplicateDagRun, NotFound, StoreError } from "../store/errors.ts"
import type { DagRunRow, DagRunTriggeredBy, DagRunType } from "../store/run-store.ts"
import type { StoreService } from "../store/store.ts"
import { planOf } from "../time/plan.ts"

/** The most bytes of JSON that a run may be started with. Larger things belong where tasks can read them, and the conf says where. */
export const confBytesMax = 1_048_576

/** The most mistakes of a conf that one message names. */
const problemsNamed = 5

/** Run ids that begin so belong to runs that Sluice makes by itself. */
const reservedPrefixes = ["scheduled__", "backfill__", "asset_triggered__", "triggered__"]
const runIdLengthMax = 250

/** A run was asked for that cannot be made as it was asked for. Nothing was written. */
export class InvalidRun extends Schema.TaggedError<InvalidRun>()("InvalidRun", {
  dagId: Schema.String,
  message: Schema.String,
  /** The params that do not fit, each with why; empty where it is something else. */
  params: Schema.Array(Schema.Struct({ name: Schema.String, message: Schema.String })),
}) {
  readonly retryable = false
}

/** What is wrong with the conf of a run: all of it in words, and of each param where that can be said. */
export type ConfProblem = Pick<InvalidRun, "message" | "params">

/** A run that somebody asks for. */
export interface RunRequest {
  readonly dagId: string
  /** Default: `manual__` and the time. */
  readonly runId?: string | undefined
  /** What the run is started with: params over the DAG's defaults. Default: none. */
  readonly conf?: Json
  readonly logicalDate?: Date | null
  /** The span that it covers. Default: what the schedule says of the logical date. */
  readonly dataInterval?: DataInterval | null
  readonly note?: string | null
  /** Default: it is made by hand, and may not have an id that Sluice gives out itself. */
  readonly runType?: Extract<DagRunType, "operator_triggered">
  /** What asks for it, and for whom. */
  readonly triggeredBy?: DagRunTriggeredBy
  readonly triggeringUser?: string
  /** The version that was parsed for this very run; absent: the store says whether the file is to be parsed first. */
  readonly parsedVersionId?: string
}

/** Makes a run by hand. Its conf is checked against the DAG's `paramsSchema`, with the defaults put in. Wake `due` after it. */
export function requestRun(
  store: StoreService,
  request: RunRequest,
): Effect.Effect<DagRunRow, DuplicateDagRun | InvalidRun | NotFound | StoreError> {
  return Effect.gen(function* () {
    const {
      dagId,
      conf = {},
      logicalDate = null,
      runId: named,
      dataInterval: given,
      runType,
      ...rest
    } = request
    const runId = named ?? `manual__${new Date().toISOString()}`
    const dag = yield* store.dag(dagId)
    const idProblem = runType === undefined ? runIdProblem(runId) : null
    if (idProblem !== null) return yield* new InvalidRun({ dagId, message: idProblem, params: [] })
    const problem = yield* confProblem(store, dag, conf)
    if (problem !== null) return yield* new InvalidRun({ dagId, ...problem })
    const dataInterval =
      given ??
      (logicalDate === null
        ? null
        : planOf(dag.planning, { dagId, since: dag.timetableSince }).manualInterval(logicalDate))
    const run = yield* store.createDagRun({
      ...rest,
      dagId,
      runId,
      runType: runType ?? "manual",
      conf,
      logicalDate,
      dataInterval,
    })
    if (run.awaitsParse) store.wake("parse")
    return run
  })
}

function runIdProblem(runId: string): string | null {
  if (runId === "" || runId.length > runIdLengthMax) {
    return `the run id has ${runId.length} characters; expected 1 to ${runIdLengthMax}`
  }
  const reserved = reservedPrefixes.find((prefix) => runId.startsWith(prefix))
  return reserved === undefined
    ? null
    : `the run id "${runId}" begins with ${reserved}; expected another beginning: these are the ids of runs that Sluice makes by itself`
}

/** Says what is wrong with the conf of a run of a DAG's newest version; null: nothing. */
export function confProblem(
  store: StoreService,
  dag: DagRow,
  conf: Json,
): Effect.Effect<ConfProblem | null, NotFound | StoreError> {
  return Effect.map(store.dagVersion(dag.latestVersionId), (version) => {
    if (!isObject(conf))
      return wholeProblem(
        `the conf is ${Array.isArray(conf) ? "a list" : JSON.stringify(conf)}; expected a JSON object`,
      )
    const bytes = Buffer.byteLength(JSON.stringify(conf))
    if (bytes > confBytesMax) {
      return wholeProblem(
        `the conf has ${bytes} bytes; expected at most ${confBytesMax}: put large values where the tasks can read them, and pass where that is`,
      )
    }
    return schemaProblem(version.dag.paramsSchema, conf)
  })
}

type JsonObject = { readonly [key: string]: Json }

const wholeProblem = (message: string): ConfProblem => ({ message, params: [] })

function schemaProblem(schema: Json | null, conf: JsonObject): ConfProblem | null {
  if (schema === null || !isObject(schema)) return null
  try {
    const validate = ajvFor(schema).compile(schema)
    if (validate({ ...defaultsOf(schema), ...conf })) return null
    const errors = validate.errors ?? []
    const more = errors.length > problemsNamed ? `, and ${errors.length - problemsNamed} more` : ""
    const named = errors.slice(0, problemsNamed)
    return {
      message: `the conf does not fit the DAG's params: ${named.map(describe).join("; ")}${more}`,
      params: named.flatMap((error) => {
        const name = paramOf(error)
        return name === null ? [] : [{ name, message: describe(error) }]
      }),
    }
  } catch (error) {
    return wholeProblem(
      `the DAG's paramsSchema is not a JSON Schema that can be used: ${(error as Error).message}. Fix: mend it in the DAG file`,
    )
  }
}

/** One for each check: schemas of different DAGs may have the same `$id`. */
function ajvFor(schema: JsonObject): Ajv {
  const options = { allErrors: true, strict: false, validateFormats: false, logger: false } as const
  const dialect = schema["$schema"]
  return typeof dialect === "string" && dialect.includes("draft-07") ? new Ajv(options) : new Ajv2020(options)
}

/** The param that an error is about: the first name of its place, or the one that is missing or too many. */
function paramOf({ instancePath, params }: ErrorObject): string | null {
  const [, first] = instancePath.split("/")
  // As JSON Pointer escapes names.
  if (first !== undefined) return first.replaceAll("~1", "/").replaceAll("~0", "~")
  const name: unknown = params["missingProperty"] ?? params["additionalProperty"]
  return typeof name === "string" ? name : null
}

function describe({ instancePath, message, params }: ErrorObject): string {
  const place = instancePath === "" ? "it" : instancePath.slice(1).replaceAll("/", ".")
  const allowed: unknown = params["allowedValues"]
  const extra: unknown = params["additionalProperty"]
  const detail = Array.isArray(allowed)
    ? ` (${allowed.join(", ")})`
    : typeof extra === "string"
      ? ` ("${extra}")`
      : ""
  return `${place} ${message ?? "is wrong"}${detail}`
}

function defaultsOf(schema: JsonObject): JsonObject {
  const properties = schema["properties"] ?? null
  const entries = Object.entries(isObject(properties) ? properties : {})
  return Object.fromEntries(
    entries.flatMap(([name, property]) =>
      isObject(property) && property["default"] !== undefined ? [[name, property["default"]]] : [],
    ),
  )
}

function isObject(json: Json): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json)
}
