import type { Json } from "../json.ts"
import { jsonProblem } from "../stream/json-value.ts"
import { isPlainObject } from "./input-plan.ts"
import type { OptionCheck } from "./option-check.ts"

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json }

/** Accepts objects of JSON values. */
export const jsonObjectCheck: OptionCheck<JsonObject> = {
  expected: "an object of JSON values",
  read: (value) =>
    isPlainObject(value) && jsonProblem(value, "") === null ? (value as JsonObject) : undefined,
}
