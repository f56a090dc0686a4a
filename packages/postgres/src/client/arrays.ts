/**
 * Arrays of Postgres' built-in types, to and from JavaScript.
 *
 * The driver would ask each new connection for the array types. That query
 * belongs to nobody: when its backend dies, the rejection is unhandled and kills
 * the process. So the types are listed here and `fetch_types` is off.
 */

/** A driver's tables of types, by object id. */
export interface TypeTables {
  readonly parsers: Record<number, (value: string) => unknown>
  readonly serializers: Record<number, (value: unknown) => unknown>
  readonly shared: { readonly typeArrayMap: Record<number, number> }
}

/** Element type and its array type, as pg_type has had them since Postgres 7. */
const arrayTypes: readonly (readonly [element: number, array: number])[] = [
  [16, 1000], // bool
  [17, 1001], // bytea
  [20, 1016], // int8
  [21, 1005], // int2
  [23, 1007], // int4
  [25, 1009], // text
  [26, 1028], // oid
  [114, 199], // json
  [700, 1021], // float4
  [701, 1022], // float8
  [1042, 1014], // bpchar
  [1043, 1015], // varchar
  [1082, 1182], // date
  [1114, 1115], // timestamp
  [1184, 1185], // timestamptz
  [1186, 1187], // interval
  [1700, 1231], // numeric
  [2950, 2951], // uuid
  [3802, 3807], // jsonb
]

/** Teaches a driver the built-in array types. */
export function registerArrayTypes(tables: TypeTables): void {
  for (const [element, array] of arrayTypes) {
    const parse = tables.parsers[element]
    const serialize = tables.serializers[element]
    tables.shared.typeArrayMap[element] = array
    tables.parsers[array] = (text) => parseArray(text, parse ?? ((value) => value))
    tables.serializers[array] = (values) =>
      Array.isArray(values) ? formatter(element, values, serialize ?? String) : values
  }
}

const textType = 25

function formatter(element: number, values: readonly unknown[], format: (value: unknown) => unknown): string {
  return (element === textType ? formatTexts(values) : null) ?? formatArray(values, format)
}

/**
 * Writes an array of texts in one call of the engine's, where it has nothing in it that JSON writes otherwise: the
 * items of a page, a thousand at a time.
 */
function formatTexts(values: readonly unknown[]): string | null {
  if (!values.every((value) => typeof value === "string" || value === null)) return null
  const json = JSON.stringify(values)
  return /\\[^"\\]/.test(json) ? null : `{${json.slice(1, -1)}}`
}

/** Writes an array literal, nested as deep as the value is. */
export function formatArray(values: readonly unknown[], format: (value: unknown) => unknown): string {
  const items = values.map((value) => {
    if (value === null) return "null"
    // A hole would silently become the text "undefined".
    if (value === undefined) throw new TypeError("an array parameter holds undefined; use null")
    if (typeof value === "number") return String(value)
    return Array.isArray(value) ? formatArray(value, format) : quote(String(format(value)))
  })
  return `{${items.join(",")}}`
}

function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`
}

/** Reads an array literal as Postgres prints it, with `null` for NULL and nested arrays kept nested. */
export function parseArray(text: string, parse: (item: string) => unknown): unknown[] {
  // Bounds other than 1 are printed first, as in [0:1]={a,b}.
  const reader = { text, at: text.indexOf("{") + 1 }
  return readItems(reader, parse)
}

interface Reader {
  readonly text: string
  at: number
}

function readItems(reader: Reader, parse: (item: string) => unknown): unknown[] {
  const items: unknown[] = []
  while (reader.at < reader.text.length) {
    const char = reader.text[reader.at]
    if (char === "}") {
      reader.at++
      return items
    }
    if (char === ",") reader.at++
    else if (char === "{") {
      reader.at++
      items.push(readItems(reader, parse))
    } else if (char === '"') items.push(parse(readQuoted(reader)))
    else items.push(readBare(reader, parse))
  }
  return items
}

function readBare(reader: Reader, parse: (item: string) => unknown): unknown {
  const start = reader.at
  while (reader.at < reader.text.length && !",}".includes(reader.text.charAt(reader.at))) reader.at++
  const item = reader.text.slice(start, reader.at)
  return item === "NULL" ? null : parse(item)
}

function readQuoted(reader: Reader): string {
  let item = ""
  let start = ++reader.at
  for (; reader.at < reader.text.length && reader.text[reader.at] !== '"'; reader.at++) {
    if (reader.text[reader.at] !== "\\") continue
    item += reader.text.slice(start, reader.at)
    start = ++reader.at
  }
  return item + reader.text.slice(start, reader.at++)
}
