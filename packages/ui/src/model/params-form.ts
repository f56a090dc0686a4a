/** A form out of the JSON schema of a DAG's params: a field for each, and back from what was typed to values. */

/** A field of the form. */
export interface ParamField {
  readonly name: string
  readonly title: string
  readonly description: string | null
  readonly kind: "text" | "number" | "integer" | "boolean" | "choice" | "json"
  readonly choices: readonly unknown[]
  readonly initial: unknown
  readonly isRequired: boolean
}

interface Schema {
  readonly type?: unknown
  readonly title?: unknown
  readonly description?: unknown
  readonly enum?: unknown
  readonly default?: unknown
  readonly properties?: unknown
  readonly required?: unknown
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The fields of a schema, in its order. */
export function fieldsOf(schema: unknown): readonly ParamField[] {
  if (!isObject(schema) || !isObject(schema["properties"])) return []
  const required = Array.isArray(schema["required"]) ? schema["required"] : []
  return Object.entries(schema["properties"]).map(([name, given]) => {
    const property: Schema = isObject(given) ? given : {}
    const choices: readonly unknown[] = Array.isArray(property.enum) ? property.enum : []
    return {
      name,
      title: typeof property.title === "string" ? property.title : name,
      description: typeof property.description === "string" ? property.description : null,
      kind: choices.length > 0 ? "choice" : kindOf(property),
      choices,
      initial: property.default,
      isRequired: required.includes(name),
    }
  })
}

function kindOf({ type, default: initial }: Schema): ParamField["kind"] {
  const named = Array.isArray(type) ? type.find((one) => one !== "null") : type
  const kind: unknown = named ?? (initial === null || initial === undefined ? "string" : typeof initial)
  if (kind === "string") return "text"
  if (kind === "number" || kind === "integer" || kind === "boolean") return kind
  return "json"
}

/** A value as the text of its field. */
export function textOf(field: ParamField, value: unknown): string {
  if (value === undefined || value === null) return ""
  return field.kind === "text" && typeof value === "string" ? value : JSON.stringify(value)
}

/** What a field's text means, or why it means nothing. */
export function valueOf(
  field: ParamField,
  text: string,
): { readonly value: unknown } | { readonly error: string } {
  if (text.trim() === "" && field.kind !== "text") {
    if (field.isRequired && field.initial === undefined) return { error: "is needed" }
    return { value: undefined }
  }
  switch (field.kind) {
    case "text":
      return text === "" && field.isRequired
        ? { error: "is needed" }
        : { value: text === "" ? undefined : text }
    case "boolean":
      return { value: text === "true" }
    case "choice":
      return { value: field.choices.find((choice) => JSON.stringify(choice) === text) }
    case "integer":
    case "number": {
      const value = Number(text)
      if (!Number.isFinite(value)) return { error: "expected a number" }
      return field.kind === "integer" && !Number.isInteger(value)
        ? { error: "expected a whole number" }
        : { value }
    }
    case "json":
      try {
        return { value: JSON.parse(text) as unknown }
      } catch {
        return { error: 'expected JSON, such as [1, 2] or {"a": 1}' }
      }
  }
}
