import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js"
import { default as addFormats } from "ajv-formats"

/** The parts of an OpenAPI document that a response is checked against. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation | undefined>>>>
}

interface Operation {
  readonly operationId?: string
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>
}

/** A response as it came. */
export interface SeenResponse {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly status: number
  readonly contentType: string
  /** The parsed JSON, or the text. */
  readonly body: unknown
}

/** What a document says of a response. */
export interface Verdict {
  /** The operation that it belongs to; null: the document knows none at this address. */
  readonly operationId: string | null
  readonly problems: readonly string[]
}

/** Makes a function that checks responses against an OpenAPI 3.1 document: status, media type and body. */
export function makeResponseChecker(document: ApiDocument): (seen: SeenResponse) => Verdict {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  // A CommonJS module whose default is the function.
  const add = addFormats as unknown as (ajv: Ajv2020) => void
  add(ajv)
  ajv.addSchema(document, "document")
  const templates = Object.keys(document.paths)
    // A path without a parameter is the more exact one.
    .sort((a, b) => a.split("{").length - b.split("{").length)
    .map((template) => ({ template, pattern: patternOf(template) }))
  return ({ method, path, status, contentType, body }) => {
    const found = templates.find(
      ({ template, pattern }) =>
        pattern.test(path) && document.paths[template]?.[method.toLowerCase()] !== undefined,
    )
    const operation = found && document.paths[found.template]?.[method.toLowerCase()]
    if (found === undefined || operation === undefined)
      return { operationId: null, problems: [`${method} ${path} is not in the document`] }
    const operationId = operation.operationId ?? `${method} ${found.template}`
    const told = operation.responses[String(status)]
    if (told === undefined) return { operationId, problems: [`status ${status} is not in the document`] }
    const mediaType = contentType.split(";")[0] ?? ""
    if (told.content === undefined)
      return { operationId, problems: body === "" ? [] : ["a body came, and none is in the document"] }
    if (told.content[mediaType] === undefined)
      return { operationId, problems: [`the media type "${mediaType}" is not in the document`] }
    const keys = ["paths", found.template, method.toLowerCase(), "responses", String(status)]
    const pointer = [...keys, "content", mediaType, "schema"].map(escapePointer).join("/")
    const validate = ajv.getSchema(`document#/${pointer}`)
    if (validate === undefined) return { operationId, problems: ["its schema cannot be read"] }
    return { operationId, problems: validate(body) ? [] : (validate.errors ?? []).map(describe) }
  }
}

function patternOf(template: string): RegExp {
  const escaped = template.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${escaped.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`)
}

function escapePointer(key: string): string {
  return encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"))
}

function describe(error: ErrorObject): string {
  return `${error.instancePath || "the body"} ${error.message ?? "is wrong"} ${JSON.stringify(error.params)}`
}
