/** What every bench is: a claim, options, a server, and records that are printed and kept. */
import { execFileSync } from "node:child_process"
import { appendFileSync, mkdirSync } from "node:fs"
import { availableParallelism, cpus } from "node:os"
import { fileURLToPath } from "node:url"
import type { BenchServer } from "./database.ts"

/** A bench: one question. */
export interface Bench {
  readonly name: string
  /** What it claims, in a sentence. */
  readonly claim: string
  readonly run: (context: BenchContext) => Promise<void>
}

/** What a bench works with. */
export interface BenchContext {
  readonly server: BenchServer
  /** Items, where the command says how many. */
  readonly items: number | undefined
  /** Tiny sizes: to see that it runs, not how fast. */
  readonly isSmoke: boolean
  /** Says something to people. */
  readonly say: (line: string) => void
  /** Keeps a record: JSON on stdout and in the results. */
  readonly record: (fields: Readonly<Record<string, Field>>) => void
  /** Compares a figure with its bound and records both. With `always`, a smoke run fails over it too. */
  readonly hold: (options: HoldOptions) => void
}

/** A figure with what it may be. */
export interface HoldOptions {
  readonly figure: string
  readonly value: number
  readonly atMost?: number
  readonly atLeast?: number
  /** The figure does not depend on the machine or the load: a miss is an error. */
  readonly always?: boolean
}

type Field = string | number | boolean | null

const resultsFolder = fileURLToPath(new URL("../results/", import.meta.url))

/** Runs a bench on a server; gives the records, for whoever checks their form. */
export async function runBench(
  bench: Bench,
  options: { server: BenchServer; items: number | undefined; isSmoke: boolean },
): Promise<Readonly<Record<string, Field>>[]> {
  const { server } = options
  const records: Readonly<Record<string, Field>>[] = []
  const about = await describeRun(bench.name, server, options.isSmoke)
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  const record = (fields: Readonly<Record<string, Field>>) => {
    const whole = { ...about, ...rounded(fields) }
    records.push(whole)
    keep(bench.name, `${JSON.stringify(whole)}\n`)
  }
  say(`\n${bench.name}: ${bench.claim}`)
  const hold = (held: HoldOptions) => holdFigure(held, { say, record, isSmoke: options.isSmoke })
  await bench.run({ ...options, say, record, hold })
  return records
}

function keep(name: string, line: string): void {
  process.stdout.write(line)
  mkdirSync(resultsFolder, { recursive: true })
  appendFileSync(`${resultsFolder}${name}.jsonl`, line)
}

async function describeRun(bench: string, server: BenchServer, isSmoke: boolean) {
  const { fsync, version } = await server.settings()
  return {
    bench,
    at: new Date().toISOString(),
    commit: commit(),
    node: process.version,
    postgres: version,
    fsync,
    cpus: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
    isSmoke,
  }
}

/** The commit, with a plus where the tree has changes. */
function commit(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
  try {
    return git("rev-parse", "--short=10", "HEAD").trim() + (git("status", "--porcelain") === "" ? "" : "+")
  } catch {
    return "unknown"
  }
}

function holdFigure(
  { figure, value, atMost, atLeast, always = false }: HoldOptions,
  { say, record, isSmoke }: Pick<BenchContext, "say" | "record" | "isSmoke">,
): void {
  const isHeld = value <= (atMost ?? value) && value >= (atLeast ?? value)
  const bound = atMost === undefined ? `at least ${atLeast ?? "any"}` : `at most ${atMost}`
  const verdict = isHeld ? "holds" : isSmoke && !always ? "not at this size" : "MISSED"
  say(`  ${verdict}: ${figure} ${format(value)}, ${bound}`)
  record({ figure, value, bound, isHeld })
  if (isHeld) return
  if (always) throw new Error(`${figure} is ${format(value)}, ${bound}`)
  if (!isSmoke) process.exitCode = 2
}

/** Writes a number as people read it. */
export function format(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en")
  return value.toPrecision(3).replace(/\.?0+$/, "")
}

function rounded(fields: Readonly<Record<string, Field>>): Record<string, Field> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === "number" ? Number(value.toPrecision(5)) : value,
    ]),
  )
}
