const textMax = 60

/** Says in a few words what a value is, for error messages: `the number 42`, `a Map`, `undefined`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === "string") return `the string ${JSON.stringify(shorten(value))}`
  if (typeof value === "function") return `a function`
  if (typeof value === "symbol") return "a symbol"
  if (typeof value === "bigint") return `the bigint ${value}n`
  if (typeof value === "number" || typeof value === "boolean") return `the ${typeof value} ${value}`
  if (typeof value !== "object") return "something unknown"
  if (Array.isArray(value)) return `an array of ${value.length}`
  const name = nameOfClass(value)
  return name === "Object" ? `an object with the keys ${shorten(Object.keys(value).join(", "))}` : `a ${name}`
}

function nameOfClass(value: object): string {
  const maker: unknown = Reflect.get(value, "constructor")
  return typeof maker === "function" && maker.name !== "" ? maker.name : "Object"
}

function shorten(text: string): string {
  return text.length > textMax ? `${text.slice(0, textMax)}…` : text
}
