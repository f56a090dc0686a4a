/** A form out of the JSON schema of a DAG's params: a field for each, and back from what was typed to values. */

/** A field of the form. */
export interface ParamField {
  readonly name: string
  readonly title: string
  readonly description: string | null
  readonly kind: "text" | "date" | "number" | "integer" | "boolean" | "choice" | "json"
  readonly choices: readonly unknown[]
  readonly initial: unknown
  readonly isRequired: boolean
  /** What may stand in it, in words; null: anything of its kind. */
  readonly bounds: string | null
}

type Schema = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The fields of a schema, in its order. */
export function fieldsOf(schema: unknown): readonly ParamField[] {
  if (!isObject(schema) || !isObject(schema["properties"])) return []
  const required = Array.isArray(schema["required"]) ? schema["required"] : []
  return Object.entries(schema["properties"]).map(([name, given]) => {
    const property: Schema = isObject(given) ? given : {}
    const choices = choicesOf(property)
    const { title, description } = property
    return {
      name,
      title: typeof title === "string" ? title : name,
      description: typeof description === "string" ? description : null,
      kind: choices.length > 0 ? "choice" : kindOf(property),
      choices,
      initial: property["default"],
      isRequired: required.includes(name),
      bounds: boundsOf(property),
    }
  })
}

function choicesOf(property: Schema): readonly unknown[] {
  if (Array.isArray(property["enum"])) return property["enum"] as unknown[]
  return "const" in property ? [property["const"]] : []
}

function kindOf(property: Schema): ParamField["kind"] {
  const { type, default: initial } = property
  const types = (Array.isArray(type) ? (type as unknown[]) : [type]).filter((one) => one !== "null")
  // Of several types, or a schema in parts, only JSON says which value is meant.
  if (types.length > 1 || ["anyOf", "oneOf", "allOf", "$ref"].some((part) => part in property)) return "json"
  const kind: unknown = types[0] ?? (initial === null || initial === undefined ? "json" : typeof initial)
  if (kind === "string") return property["format"] === "date" ? "date" : "text"
  if (kind === "number" || kind === "integer" || kind === "boolean") return kind
  return "json"
}

function boundsOf(property: Schema): string | null {
  const number = (name: string) => {
    const value = property[name]
    return typeof value === "number" ? value : null
  }
  const [min, max] = [number("minimum"), number("maximum")]
  const [shortest, longest] = [number("minLength"), number("maxLength")]
  const parts = [
    between(min, max, ""),
    between(shortest, longest, " characters"),
    typeof property["pattern"] === "string" ? `fits ${property["pattern"]}` : null,
    property["type"] === "array"
      ? "a list, as JSON"
      : property["type"] === "object"
        ? "an object, as JSON"
        : null,
  ].filter((part) => part !== null)
  return parts.length === 0 ? null : parts.join(", ")
}

function between(min: number | null, max: number | null, unit: string): string | null {
  if (min !== null && max !== null) return `${min} to ${max}${unit}`
  if (min !== null) return `at least ${min}${unit}`
  return max === null ? null : `at most ${max}${unit}`
}

/** A value as the text of its field. */
export function textOf(field: ParamField, value: unknown): string {
  if (value === undefined || (value === null && field.kind !== "choice")) return ""
  const isPlain = field.kind === "text" || field.kind === "date"
  return isPlain && typeof value === "string" ? value : JSON.stringify(value)
}

/** What a field's text means, or why it means nothing. */
export function valueOf(
  field: ParamField,
  text: string,
): { readonly value: unknown } | { readonly error: string } {
  if (text.trim() === "") {
    // What is left empty has its default, of which the server knows.
    if (field.isRequired && field.initial === undefined) return { error: "is needed" }
    return { value: undefined }
  }
  switch (field.kind) {
    case "text":
    case "date":
      return { value: text }
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
        return { error: 'expected JSON, such as [1, 2] or {"a": 1}; a text in quotes' }
      }
  }
}
