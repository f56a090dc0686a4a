/** The table of the crash matrix in docs/reliability.md. */
import { readFileSync, writeFileSync } from "node:fs"
import type { Trial } from "./matrix-trial.ts"
import { matrixPoints, nameOf } from "./points.ts"

const path = new URL("../../../docs/reliability.md", import.meta.url)
const [begin, end] = ["<!-- crash matrix: written by npm run matrix -->", "<!-- end of the crash matrix -->"]
const titles = [
  "role",
  "dies",
  "trials",
  "lost",
  "doubled",
  "pages pulled again",
  "items run again",
  "s to the end",
]

/** The points that the document has a line for, as `role point`. */
export function pointsInDocument(): string[] {
  return [...linesOf(readFileSync(path, "utf8")).keys()]
}

/** The lines of the table, each by its role and point. */
function linesOf(text: string): Map<string, string> {
  const [, , ...lines] = tableOf(text).trim().split("\n")
  return new Map(
    lines.map((line) => {
      const [, role = "", point = ""] = line.split("|").map((cell) => cell.trim())
      return [`${role} ${point}`, line]
    }),
  )
}

function lineOf(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |`
}

/** Replaces the table by one of these trials: sums over the trials of a point, and the slowest end. */
export function writeTable(trials: readonly Trial[]): void {
  const text = readFileSync(path, "utf8")
  const before = linesOf(text)
  const rows = matrixPoints.map((point) => {
    const of = trials.filter((trial) => trial.point === point)
    // What was not tried this time keeps its line.
    const line = before.get(`${point.role} ${nameOf(point)}`)
    if (of.length === 0 && line !== undefined) return line
    const sum = (count: (trial: Trial) => number) => of.reduce((total, trial) => total + count(trial), 0)
    const slowest = Math.max(...of.map((trial) => trial.recoveryMs)) / 1000
    return lineOf([
      point.role,
      nameOf(point),
      of.length,
      sum((trial) => trial.lost),
      sum((trial) => trial.doubled),
      sum((trial) => trial.pulledAgain),
      sum((trial) => trial.ranAgain),
      slowest.toFixed(1),
    ])
  })
  const lines = [lineOf(titles), lineOf(titles.map(() => "---")), ...rows]
  writeFileSync(path, text.replace(tableOf(text), `\n\n${lines.join("\n")}\n\n`))
}

function tableOf(text: string): string {
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)]
  if (from < begin.length || to < from)
    throw new Error("docs/reliability.md has no place for the crash matrix")
  return text.slice(from, to)
}
