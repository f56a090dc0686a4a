/**
 * The only map from what goes wrong to what a client is told: a status, and a body in the form Airflow's clients read
 * (`{"detail": …}`, a list of places for 422).
 */
import type { Context } from "hono"
import { HTTPException } from "hono/http-exception"
import type { ContentfulStatusCode } from "hono/utils/http-status"
import { z } from "@hono/zod-openapi"
import { Effect } from "effect"
import { isTagged, type NotFound } from "@sluice/core/store"
import { SecretUnreadable } from "@sluice/core/secrets"
import { SecretKeyMissing } from "@sluice/core/vault"
import { HashingBusy } from "./auth/passwords.ts"
import { TooManyLogins } from "./auth/login-limits.ts"
import type { ApiEnv } from "./environment.ts"
import type { Json } from "@sluice/core"

/** One thing that is wrong in a request, as FastAPI tells it. */
interface ValidationIssue {
  readonly loc: readonly (string | number)[]
  readonly msg: string
  readonly type: string
}

/** A request that is refused, with what the client is told. */
export class ApiError extends Error {
  override readonly name = "ApiError"
  readonly status: ContentfulStatusCode
  readonly detail: string | Json | readonly ValidationIssue[]
  readonly headers: Readonly<Record<string, string>>
  /** What stands beside the detail. */
  readonly more: Readonly<Record<string, Json>>
  constructor(
    status: ContentfulStatusCode,
    detail: string | Json | readonly ValidationIssue[],
    headers: Readonly<Record<string, string>> = {},
    more: Readonly<Record<string, Json>> = {},
  ) {
    super(typeof detail === "string" ? detail : JSON.stringify(detail))
    this.status = status
    this.detail = detail
    this.headers = headers
    this.more = more
  }
}

/** A parameter or a field whose value cannot be used, told as a validation error. */
export function invalid(
  place: readonly (string | number)[],
  message: string,
  type = "value_error",
): ApiError {
  return new ApiError(422, [{ loc: place, msg: message, type }])
}

/** What was asked for is not there. */
export function notFound(what: string, id: string): ApiError {
  return new ApiError(404, `the ${what} "${id}" does not exist`)
}

/** Names what is not there as the client did, where the store has an id for it that no client knows. */
export function orNotFound(what: string, id: string) {
  return <A, E>(found: Effect.Effect<A, E | NotFound>) =>
    Effect.mapError(found, (error) => (isTagged(error, "NotFound") ? notFound(what, id) : error))
}

/** The body of most refusals. */
export const httpExceptionSchema = z
  .object({
    detail: z.union([z.string(), z.record(z.string(), z.unknown())]),
    params: z
      .array(z.object({ name: z.string(), message: z.string() }))
      .optional()
      .describe("Of a run whose conf does not fit: the params, each with why."),
  })
  .openapi("HTTPExceptionResponse")

/** The body of a request that does not fit its schema. */
export const httpValidationErrorSchema = z
  .object({
    detail: z.array(
      z.object({
        loc: z.array(z.union([z.string(), z.int()])),
        msg: z.string(),
        type: z.string(),
        input: z.unknown().optional(),
        ctx: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
  })
  .openapi("HTTPValidationError")

/** Answers a failed request; what is not the client's fault is told to the log, not to the client. */
export function answerError(error: unknown, c: Context<ApiEnv>): Response {
  const told = toApiError(error)
  if (told.status >= 500) c.var.services.onFailure(error, { method: c.req.method, path: c.req.path })
  for (const [name, value] of Object.entries(told.headers)) c.header(name, value)
  return c.json({ detail: told.detail, ...told.more }, told.status)
}

/** What a client is told of an error. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof HTTPException) return fromHono(error)
  if (error instanceof TooManyLogins)
    return new ApiError(429, error.message, { "retry-after": String(error.retryAfterSeconds) })
  if (error instanceof SecretKeyMissing || error instanceof SecretUnreadable)
    return new ApiError(409, error.message)
  if (error instanceof HashingBusy) return new ApiError(503, error.message, { "retry-after": "1" })
  return fromStore(error) ?? new ApiError(500, "internal server error; the server's log says more")
}

/** Hono's own refusals: a body that is no JSON, a media type it does not know, too large a body. */
function fromHono(error: HTTPException): ApiError {
  if (error.status === 400 && error.message.startsWith("Malformed JSON"))
    return new ApiError(422, [{ loc: ["body"], msg: "the body is not JSON", type: "json_invalid" }])
  if (error.status === 400 && error.message.startsWith("Malformed FormData"))
    return new ApiError(422, [{ loc: ["body"], msg: "the body is not a form", type: "form_invalid" }])
  if (error.status === 415)
    return new ApiError(
      415,
      "the media type of the body is not served; expected the header content-type: application/json",
    )
  return new ApiError(error.status, error.message)
}

function fromStore(error: unknown): ApiError | null {
  if (typeof error !== "object" || error === null) return null
  // Not spread: an error keeps its message where a spread does not look.
  const fields = error as Record<string, unknown>
  switch (fields["_tag"]) {
    case "NotFound":
      return notFound(String(fields["what"]), String(fields["id"]))
    case "DuplicateDagRun":
      return duplicate(
        `DAG "${String(fields["dagId"])}" has a run "${String(fields["runId"])}" already; choose another dag_run_id`,
      )
    case "AlreadyExists":
      return duplicate(`the ${String(fields["what"])} "${String(fields["id"])}" exists already`)
    case "InvalidRun":
      return new ApiError(400, String(fields["message"]), {}, paramsOf(fields["params"]))
    case "NotAllowed":
    case "RedriveRefused":
    case "ExtendRefused":
      return new ApiError(409, String(fields["message"]))
    case "LeaseLost":
      return new ApiError(409, "it has changed meanwhile; read it again")
    case "StoreUnavailable":
      return new ApiError(503, "the database does not answer; try again", { "retry-after": "1" })
    default:
      return null
  }
}

function paramsOf(params: unknown): Readonly<Record<string, Json>> {
  return Array.isArray(params) && params.length > 0 ? { params: params as Json } : {}
}

/** A 409 as Airflow tells it: with the statement that broke the constraint left out. */
function duplicate(message: string): ApiError {
  return new ApiError(409, {
    reason: "Unique constraint violation",
    statement: "hidden",
    orig_error: "hidden",
    message,
  })
}
