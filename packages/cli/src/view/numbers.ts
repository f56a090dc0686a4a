/** A count with its thousands apart: `12,400`. */
export function count(value: number): string {
  return value.toLocaleString("en-US")
}

/** A time span for people: `12 ms`, `2.8 s`, `2 min 5 s`, `1 h 3 min`. */
export function seconds(ms: number): string {
  const total = Math.max(0, ms) / 1000
  if (total < 1) return `${Math.round(total * 1000)} ms`
  if (total < 60) return `${total.toFixed(1)} s`
  const whole = Math.round(total)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** Shortens a text to a width, with a sign that something is missing. */
export function clip(text: string, width: number): string {
  const characters = Array.from(text)
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`
}

/** So many of something: "1 run", "2,000 runs". */
export function countOf(value: number, one: string): string {
  return `${count(value)} ${value === 1 ? one : `${one}s`}`
}
