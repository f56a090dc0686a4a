/** The colours of terminals in text: what a log line of a task may carry. */

/** Some text in one look. */
export interface AnsiPart {
  readonly text: string
  /** A tone of the theme; null: as it is. */
  readonly tone: string | null
  readonly isBold: boolean
}

const tones: Readonly<Record<number, string>> = {
  31: "failed",
  32: "success",
  33: "retry",
  34: "running",
  35: "deferred",
  36: "running",
  90: "idle",
  91: "failed",
  92: "success",
  93: "retry",
  94: "running",
  95: "deferred",
  96: "running",
}

// oxlint-disable-next-line no-control-regex -- the escape is what is looked for.
const escape = /\u001B\[([\d;]*)([A-Za-z])/g

/** Takes a line apart where its look changes; escapes that are no looks are left out. */
export function ansiParts(line: string): readonly AnsiPart[] {
  if (!line.includes("\u001B")) return [{ text: line, tone: null, isBold: false }]
  const parts: AnsiPart[] = []
  let look: Omit<AnsiPart, "text"> = { tone: null, isBold: false }
  let at = 0
  const push = (text: string) => {
    if (text !== "") parts.push({ text, ...look })
  }
  for (const match of line.matchAll(escape)) {
    push(line.slice(at, match.index))
    at = match.index + match[0].length
    if (match[2] === "m") look = lookAfter(look, (match[1] ?? "").split(";").map(Number))
  }
  push(line.slice(at))
  return parts
}

function lookAfter(look: Omit<AnsiPart, "text">, codes: readonly number[]): Omit<AnsiPart, "text"> {
  return codes.reduce((now, code) => {
    if (code === 0) return { tone: null, isBold: false }
    if (code === 1) return { ...now, isBold: true }
    if (code === 22) return { ...now, isBold: false }
    if (code === 39) return { ...now, tone: null }
    return { ...now, tone: tones[code] ?? now.tone }
  }, look)
}
