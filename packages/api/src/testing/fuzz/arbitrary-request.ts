import { fc } from "@fast-check/vitest"
import { type UserRole, userRoles } from "@sluice/core/store"
import { fieldsOf, fittingValue, hostileText, hostileValue } from "./arbitrary-value.ts"
import type { JsonSchema, Operation, Parameter } from "./operations.ts"

/** Who sends a request: a role, nobody, or somebody with a token that nobody gave out. */
export type Sender = UserRole | "nobody" | "forger"

/** A request, but for the token of whoever has a role. */
export interface FuzzRequest {
  readonly sender: Sender
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** The deepest JSON that is sent: past what parsers, checks and the database go down by recursion. */
const depthMax = 50_000

/** What is there in the store that is tried, by the parameter that names it. */
const thereIs: Readonly<Record<string, readonly string[]>> = {
  dag_id: ["d", "d", "ended"],
  dag_run_id: ["r", "r", "done", "manual"],
  task_id: ["load", "load", "report"],
  map_index: ["0", "1", "-1"],
  version_number: ["1"],
  try_number: ["0", "1"],
  xcom_key: ["return_value"],
  backfill_id: ["1"],
}

const forgedTokens = [
  "sluice_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
  "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhZG1pbiIsInVpZCI6IjEiLCJ2ZXIiOjF9.",
  "null",
]

/** Requests to any operation of a document: most of them nearly right, all of them possible. */
export function arbitraryRequest(
  operations: readonly Operation[],
  document: JsonSchema,
): fc.Arbitrary<FuzzRequest> {
  return fc.oneof(
    ...operations.map((operation) => ({
      weight: weightOf(operation),
      arbitrary: requestTo(operation, document),
    })),
  )
}

/** Mostly what changes something. Signing in hashes a password, which takes as long as a hundred other requests. */
function weightOf({ role, method }: Operation): number {
  if (role === "public") return 1
  return method === "GET" ? 4 : 16
}

function requestTo(operation: Operation, document: JsonSchema): fc.Arbitrary<FuzzRequest> {
  const of = (place: Parameter["in"]) => operation.parameters.filter((parameter) => parameter.in === place)
  return fc
    .record({
      sender: senderOf(operation),
      forged: fc.constantFrom(...forgedTokens),
      names: textsOf(of("path"), document, 24),
      query: queryOf(of("query"), document),
      headers: textsOf(of("header"), document, 2),
      body: bodyOf(operation, document),
    })
    .map(({ sender, forged, names, query, headers, body }) => {
      const path = operation.template.replaceAll(/\{([^}]+)\}/g, (_, name: string) =>
        encode(names[name] === undefined || names[name] === "" ? "x" : names[name]),
      )
      return {
        sender,
        method: operation.method,
        path: `${path}${query === "" ? "" : `?${query}`}`,
        headers: {
          ...(sender === "forger" && { authorization: `Bearer ${forged}` }),
          ...(body !== null && { "content-type": body.mediaType }),
          ...Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, encode(text)])),
        },
        body: body?.text ?? null,
      }
    })
}

/** Mostly whoever may: what others send is refused before it is read. */
function senderOf({ role }: Operation): fc.Arbitrary<Sender> {
  const enough = userRoles.filter(
    (known) => role === "public" || userRoles.indexOf(known) >= userRoles.indexOf(role),
  )
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<Sender>(...enough) },
    fc.constantFrom<Sender>("nobody", "forger", ...userRoles),
  )
}

/** A text for each parameter; one of so many is hostile. */
function textsOf(
  parameters: readonly Parameter[],
  document: JsonSchema,
  fitting: number,
): fc.Arbitrary<Record<string, string>> {
  return fc.record(
    Object.fromEntries(
      parameters.map(({ name, schema }) => [
        name,
        fc.oneof(
          {
            weight: fitting,
            arbitrary:
              thereIs[name] === undefined
                ? fittingValue(schema, document).map(String)
                : fc.constantFrom(...thereIs[name]),
          },
          { weight: 2, arbitrary: fittingValue(schema, document).map(String) },
          hostileText,
        ),
      ]),
    ),
  )
}

function queryOf(parameters: readonly Parameter[], document: JsonSchema): fc.Arbitrary<string> {
  const pair = ({ name, schema }: Parameter) =>
    fc
      .oneof(
        { weight: 3, arbitrary: fittingValue(schema, document).map((value) => [value].flat().map(String)) },
        hostileText.map((text) => [text]),
      )
      .map((texts) => texts.map((text) => `${name}=${encode(text)}`))
  const stray = hostileText.map((text) => [`${encode(text)}=1`])
  const any =
    parameters.length === 0
      ? stray
      : fc.oneof({ weight: 9, arbitrary: fc.oneof(...parameters.map(pair)) }, stray)
  return fc.array(any, { maxLength: 4 }).map((pairs) => pairs.flat().join("&"))
}

interface Body {
  readonly mediaType: string
  readonly text: string
}

function bodyOf({ body: schema, method }: Operation, document: JsonSchema): fc.Arbitrary<Body | null> {
  if (method === "GET") return fc.constant(null)
  const json = (text: fc.Arbitrary<string>) =>
    text.map((one) => ({ mediaType: "application/json", text: one }))
  const fitting = schema === null ? fc.constant({}) : fittingValue(schema, document)
  const field = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom("x", ...fieldsOf(schema, document)) },
    hostileText,
  )
  const depth = fc.integer({ min: 1, max: depthMax })
  return fc.oneof(
    { weight: 8, arbitrary: json(fitting.map((value) => JSON.stringify(value))) },
    {
      weight: 8,
      arbitrary: json(
        fc
          .tuple(fitting, field, hostileValue)
          .map(([value, name, one]) => withField(value, name, JSON.stringify(one))),
      ),
    },
    { weight: 2, arbitrary: json(hostileValue.map((value) => JSON.stringify(value))) },
    {
      weight: 4,
      arbitrary: json(
        fc
          .tuple(fitting, field, depth, fc.boolean())
          .map(([value, name, ...how]) => withField(value, name, deepText(...how))),
      ),
    },
    fc.constantFrom<Body>(
      { mediaType: "application/json", text: "" },
      { mediaType: "application/json", text: '{"a": ' },
      { mediaType: "application/json", text: '{"__proto__": {"role": "admin"}}' },
      { mediaType: "text/plain", text: "hello" },
      { mediaType: "application/x-www-form-urlencoded", text: "username=d&username=%00&=&&x" },
      { mediaType: "multipart/form-data; boundary=x", text: "--x\r\n" },
      { mediaType: "nonsense", text: "{}" },
    ),
  )
}

/** The text of an object with something else in the place of a field, or with a field more; of anything else, that. */
function withField(value: unknown, name: string, text: string): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return text
  const others = Object.entries(value).filter(([key]) => key !== name)
  const fields = others.map(([key, other]) => `${JSON.stringify(key)}:${JSON.stringify(other)}`)
  return `{${[...fields, `${JSON.stringify(name)}:${text}`].join(",")}}`
}

/** Written by hand, since no serialiser goes so deep: an array of arrays, or an object that holds one. */
function deepText(depth: number, isObject: boolean): string {
  const inner = isObject ? depth - 1 : depth
  const arrays = `${"[".repeat(inner)}${"]".repeat(inner)}`
  return isObject ? `{"a":${arrays || "1"}}` : arrays
}

/** As a client would, for text that is no Unicode too. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
