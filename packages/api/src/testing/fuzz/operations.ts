import type { UserRole } from "@sluice/core/store"

/** A JSON schema as a document has it. */
// oxlint-disable-next-line typescript/no-explicit-any -- a schema is read as it comes.
export type JsonSchema = any

/** What an operation reads besides its body. */
export interface Parameter {
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly schema: JsonSchema
}

/** One operation, as the API's own document tells it. */
export interface Operation {
  readonly method: string
  readonly template: string
  readonly role: UserRole | "public"
  readonly parameters: readonly Parameter[]
  /** The schema of its body; null: it reads none. */
  readonly body: JsonSchema
}

/** Every operation of an OpenAPI document, with references resolved where it is read. */
export function operationsOf(document: JsonSchema): readonly Operation[] {
  return Object.entries<JsonSchema>(document.paths).flatMap(([template, methods]) =>
    Object.entries<JsonSchema>(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      template,
      role: operation["x-sluice-role"],
      parameters: operation.parameters ?? [],
      body: operation.requestBody?.content?.["application/json"]?.schema ?? null,
    })),
  )
}

/** Finds the operation that a request reaches; null when the document knows none there. */
export function operationFinder(
  operations: readonly Operation[],
): (method: string, pathname: string) => Operation | null {
  // A path with fewer parameters is the more exact one.
  const exactFirst = operations.toSorted(
    (a, b) => a.template.split("{").length - b.template.split("{").length,
  )
  const known = exactFirst.map((operation) => ({ operation, pattern: patternOf(operation.template) }))
  return (method, pathname) =>
    known.find(({ operation, pattern }) => operation.method === method && pattern.test(pathname))
      ?.operation ?? null
}

function patternOf(template: string): RegExp {
  const escaped = template.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${escaped.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`)
}
