import { z } from "@hono/zod-openapi"
import type { Json } from "@sluice/core"
import { hiddenValue, hideSecrets, isSensitiveName, restoreSecrets } from "@sluice/core/secrets"
import { connectionIdLengthMax, variableKeyLengthMax, vaultDescriptionLengthMax } from "@sluice/core/store"
import { parseJson, type StoredConnection, type Variable } from "@sluice/core/vault"
import { text, textOrNone } from "./text.ts"

/** The longest fields of a connection. */
const fieldLengthMax = 10_000
const extraLengthMax = 1_000_000
const portMax = 65_535

const teamName = z
  .null({ error: "there are no teams; leave it out" })
  .optional()
  .openapi({ type: ["string", "null"], maxLength: 50 })

const nullableText = (lengthMax: number) => textOrNone(lengthMax).nullish()

/** A variable as it is entered. */
export const variableBody = z
  .strictObject({
    key: text(variableKeyLengthMax),
    value: z
      .unknown()
      .refine((value) => value !== undefined, "expected a value")
      .refine(
        (value) => typeof value !== "string" || value.isWellFormed(),
        "half a surrogate pair is no character",
      ),
    description: nullableText(vaultDescriptionLengthMax),
    team_name: teamName,
  })
  .openapi("VariableBody")

/** A variable as it is told. */
export const variableSchema = z
  .object({
    key: z.string(),
    value: z.string(),
    description: z.string().nullable(),
    is_encrypted: z.boolean(),
    team_name: z.string().nullable(),
  })
  .openapi("VariableResponse")

/** A connection as it is entered. */
export const connectionBody = z
  .strictObject({
    connection_id: z
      .string()
      .max(connectionIdLengthMax)
      .regex(/^[\w.-]+$/u, "expected letters, digits, _, . and - only"),
    conn_type: text(250),
    description: nullableText(vaultDescriptionLengthMax),
    host: nullableText(fieldLengthMax),
    login: nullableText(fieldLengthMax),
    schema: nullableText(fieldLengthMax),
    port: z.int().min(0).max(portMax).nullish(),
    password: nullableText(fieldLengthMax),
    extra: nullableText(extraLengthMax),
    team_name: teamName,
  })
  .openapi("ConnectionBody")

/** A connection as it is told. */
export const connectionSchema = z
  .object({
    connection_id: z.string(),
    conn_type: z.string(),
    description: z.string().nullable(),
    host: z.string().nullable(),
    login: z.string().nullable(),
    schema: z.string().nullable(),
    port: z.int().nullable(),
    password: z.string().nullable(),
    extra: z.string().nullable(),
    team_name: z.string().nullable(),
  })
  .openapi("ConnectionResponse")

/** The wire's form of a variable: its value hidden where its name is a secret's, else what is secret within it. */
export function toVariable({ key, value, description }: Variable): z.infer<typeof variableSchema> {
  const shown = isSensitiveName(key) ? hide(value) : hideWithin(value)
  return { key, value: shown, description, is_encrypted: true, team_name: null }
}

/** What is stored of a value that was entered; what is hidden in it stays as it was. */
export function valueOf(key: string, given: unknown, before: string | null): string {
  const text = typeof given === "string" ? given : JSON.stringify(given)
  if (before === null) return text
  return isSensitiveName(key) && text === hiddenValue ? before : restoreWithin(text, before)
}

/** The wire's form of a connection. The password is never told, only that there is one. */
export function toConnection(connection: StoredConnection): z.infer<typeof connectionSchema> {
  const { password, extra } = connection
  return {
    connection_id: connection.connectionId,
    conn_type: connection.type,
    description: connection.description,
    host: connection.host,
    login: connection.login,
    schema: connection.schema,
    port: connection.port,
    password: password === null ? null : hide(password),
    extra: extra === null ? null : isObject(extra) ? hideWithin(extra) : hide(extra),
    team_name: null,
  }
}

/** A connection with what was entered written over it; what is hidden there stays as it was. */
export function connectionOf(
  body: Partial<z.output<typeof connectionBody>>,
  before: Omit<StoredConnection, "updatedAt">,
): Omit<StoredConnection, "updatedAt"> {
  const { password, extra } = body
  const given = <A>(value: A | null | undefined, old: A | null): A | null =>
    value === undefined ? old : value
  return {
    connectionId: before.connectionId,
    type: body.conn_type ?? before.type,
    description: given(body.description, before.description),
    host: given(body.host, before.host),
    login: given(body.login, before.login),
    schema: given(body.schema, before.schema),
    port: given(body.port, before.port),
    password:
      password === hiddenValue && before.password !== null
        ? before.password
        : given(password, before.password),
    extra:
      typeof extra === "string" && before.extra !== null
        ? extraOf(extra, before.extra)
        : given(extra, before.extra),
  }
}

function extraOf(given: string, before: string): string {
  return given === hiddenValue ? before : restoreWithin(given, before)
}

function hide(text: string): string {
  return text === "" ? "" : hiddenValue
}

/** As it was entered, unless something in it is hidden. */
function hideWithin(text: string): string {
  return rewrite(text, hideSecrets)
}

function restoreWithin(text: string, before: string): string {
  return rewrite(text, (value) => restoreSecrets(value, parseJson(before)))
}

function rewrite(text: string, change: (value: Json) => Json): string {
  if (!isObject(text)) return text
  const value = parseJson(text)
  const changed = JSON.stringify(change(value))
  return changed === JSON.stringify(value) ? text : changed
}

function isObject(text: string): boolean {
  const value = parseJson(text)
  return typeof value === "object" && value !== null
}
