import { z } from "@hono/zod-openapi"

/** A text that the database can keep as it is: no NUL, whole Unicode, and no longer than so many characters. */
export function text(lengthMax: number) {
  return textOrNone(lengthMax).min(1)
}

/** As `text`; it may be empty. */
export function textOrNone(lengthMax: number) {
  return z
    .string()
    .max(lengthMax)
    .refine((value) => !value.includes("\u0000"), "a NUL character cannot be stored")
    .refine((value) => value.isWellFormed(), "half a surrogate pair is no character")
}

/** A schema that has a name in the document, or null. `nullable` would have the name itself mean null too, wherever it stands. */
export function orNull<S extends z.ZodType>(named: S) {
  return z.union([named, z.null()])
}

/** A response of JSON. */
export function json<S extends z.ZodType>(description: string, schema: S) {
  return { description, content: { "application/json": { schema } } }
}

/** A request's body of JSON. */
export function jsonBody<S extends z.ZodType>(schema: S) {
  return { required: true, content: { "application/json": { schema } } } as const
}
